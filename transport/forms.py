"""What the pages and dialogs of the wing ask, and how they check it."""

from crispy_forms.layout import HTML, Column, Fieldset, Row
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from project import money
from project.actions.forms import ActionForm, ReasonField, next_step
from project.directory.forms import PartyForm
from project.directory.models import Customer, Driver
from project.ui import formats
from project.ui.formats import Counted
from project.ui.inputs import DayInput
from project.ui.layout import helper_of
from project.ui.lookup import LookupField
from project.ui.numbers import LocalDecimalField

from . import penalties, queries
from .models import (
    Camion,
    Cautions,
    Compagnie,
    Conteneur,
    ContratTransport,
    FraisDeRoute,
    Mission,
    PaiementMission,
    PrestationDeTransports,
    Tarif,
    Transitaire,
    numero_de_conteneur,
)
from .models.contract import check_day, too_early
from .models.mission import back_too_early
from .models.terms import check_tier
from .states import CAUTION_SUITES, Remboursement, StatutCaution, Taille


class DayField(forms.DateField):
    """A day, by the browser's own calendar."""

    def __init__(self, *, preview=False, **options):
        widget = DayInput({"data-preview": ""} if preview else None)
        super().__init__(widget=widget, **options)

    def validate(self, value):
        super().validate(value)
        check_day(value)


class ReasonForm(ActionForm):
    raison = ReasonField()


class OptionalReasonForm(ActionForm):
    raison = ReasonField(required=False)


# ------------------------------------------------------------------------------------- contracts
class CancelContractForm(ReasonForm):
    """Why, under the list of all that the cascade will touch."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cascade = SimpleLazyObject(lambda: queries.cascade_of_contracts(self.selection))
        self.helper = helper_of(HTML('{% include "transport/_cascade.html" %}'), "raison")


def suiting(form, date, condition, error):
    """The date of an action, where it meets the `condition` (a lookup) of some of the selection.

    Those that it doesn't suit are refused one by one, which the preview counts; what suits none is
    wrong by itself: then it raises ValidationError.
    """
    asked = form.selection is not None and not form.data.get("preview")
    if asked and not form.selection.filter(**{condition: date}).exists():
        raise ValidationError(error())
    return date


class DeadlineForm(ActionForm):
    date = DayField(label=gettext_lazy("Exceptional deadline"), preview=True)
    raison = ReasonField()

    def clean_date(self):
        return suiting(self, self.cleaned_data["date"], "date_debut__lt", too_early)


class SuspendForm(ActionForm):
    debut = DayField(label=gettext_lazy("From"), preview=True, initial=timezone.localdate)
    fin = DayField(label=gettext_lazy("Until"), preview=True, initial=timezone.localdate)
    raison = ReasonField(help_text=gettext_lazy("Force majeure: a border, a strike, a flood…"))

    def clean(self):
        data = super().clean()
        debut, fin = data.get("debut"), data.get("fin")
        if debut and fin and fin < debut:
            self.add_error("fin", _("This is before the first day."))
        elif debut and fin and (fin - debut).days >= queries.LONGEST_SUSPENSION:
            self.add_error("fin", _("A suspension lasts at most a year."))
        return data


def lines_for(own):
    """The shipping lines to choose from: the active ones, and the record's `own`."""
    return Compagnie.objects.filter(Q(is_active=True) | Q(pk=own))


def at_number(error):
    """What is wrong with a contract's container is said where its number is asked."""
    told = getattr(error, "error_dict", {})
    if "conteneur" in told:
        told["numero_conteneur"] = told.pop("conteneur")
    return error


class ContratForm(forms.ModelForm):
    """Create or edit a contract. The deadline is worked out by the server, here and when saved.

    Terms that are left open are those of the tariff, or the house's. The container is named by its
    number; one that is not known yet is made with the contract.
    """

    transitaire = LookupField(
        label=gettext_lazy("Forwarder"),
        queryset=Transitaire.objects.active(),
        url="transitaire_lookup",
    )
    client = LookupField(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.active(),
        url="directory:customer-lookup",
    )
    chauffeur = LookupField(
        label=gettext_lazy("Driver"),
        queryset=Driver.objects.active(),
        url="directory:driver-lookup",
    )
    camion = LookupField(
        label=gettext_lazy("Truck"), queryset=Camion.objects.active(), url="camion_lookup"
    )
    numero_conteneur = forms.CharField(
        label=gettext_lazy("Container number"),
        max_length=20,
        help_text=gettext_lazy("Four letters and seven digits: MSCU 123456 6."),
    )
    taille = forms.ChoiceField(
        label=gettext_lazy("Size"),
        choices=Taille.choices,
        help_text=gettext_lazy(
            "Size and line are asked of a new container: a known one has its own."
        ),
    )
    compagnie = forms.ModelChoiceField(
        label=gettext_lazy("Shipping line"), queryset=Compagnie.objects.all(), required=False
    )
    date_debut = DayField(label=gettext_lazy("Start"))
    # Shown, never read: see `models.ContratTransport.derive_deadline`.
    date_limite_retour = forms.DateField(
        label=gettext_lazy("Return deadline"), required=False, disabled=True
    )
    caution = LocalDecimalField(
        label=gettext_lazy("Deposit"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=3,
        help_text=gettext_lazy("Asked for by the shipping line; empty: none."),
    )

    class Meta:
        model = ContratTransport
        fields = [
            "transitaire",
            "client",
            "chauffeur",
            "camion",
            "numero_bl",
            "origine",
            "destination",
            "montant_total",
            "avance",
            "devise",
            "date_debut",
            "delai_jours",
            "penalite_par_jour",
            "commentaire",
        ]
        widgets = {"commentaire": forms.Textarea(attrs={"rows": 3})}
        field_classes = dict.fromkeys(
            ("montant_total", "avance", "penalite_par_jour"), LocalDecimalField
        )

    def __init__(self, *args, user=None, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("delai_jours", "penalite_par_jour"):
            self.fields[name].required = False
        known = self.instance.pk is not None
        own_line = self.instance.conteneur.compagnie_id if known else None
        self.fields["compagnie"].queryset = lines_for(own_line)
        if known:
            del self.fields["caution"]
            for name in ("transitaire", "client", "chauffeur", "camion"):
                # Who left since it was signed may stay on it.
                everyone = self.fields[name].queryset.model.objects.all()
                own = everyone.filter(pk=getattr(self.instance, f"{name}_id"))
                self.fields[name].queryset = self.fields[name].queryset | own
            conteneur = self.instance.conteneur
            self.initial |= {
                "numero_conteneur": conteneur.numero,
                "taille": conteneur.taille,
                "compagnie": conteneur.compagnie_id,
            }
            if self.instance.paliers:
                self.fields["penalite_par_jour"].help_text = _(
                    "Tiers apply (%(tiers)s). Another amount here takes their place."
                ) % {"tiers": penalties.en_mots(self.instance.paliers)}
        else:
            self.fields["delai_jours"].initial = self.fields["penalite_par_jour"].initial = None
            self.initial.setdefault("date_debut", timezone.localdate())
            tip = gettext_lazy("Empty: by the tariff.")
            self.fields["delai_jours"].help_text = tip
            self.fields["penalite_par_jour"].help_text = tip
        self.helper = helper_of(
            Fieldset(
                _("Who"),
                Row(Column("transitaire"), Column("client")),
                Row(Column("camion"), Column("chauffeur")),
            ),
            Fieldset(
                _("Container"),
                Row(Column("numero_conteneur"), Column("taille"), Column("compagnie")),
                "numero_bl",
                Row(Column("origine"), Column("destination")),
            ),
            Fieldset(
                _("Deadline"),
                Row(Column("date_debut"), Column("delai_jours"), Column("penalite_par_jour")),
                HTML('{% include "transport/_echeance.html" with echeance=form.echeance %}'),
            ),
            Fieldset(
                _("Money"),
                Row(Column("montant_total"), Column("avance"), Column("devise")),
                *([] if known else ["caution"]),
            ),
            Fieldset("", "commentaire"),
        )

    @property
    def echeance(self):
        """The deadline as it stands with what is in the form now."""
        values = {name: self[name].value() for name in queries.DEADLINE_FIELDS}
        errors = self.errors.get("date_limite_retour", ()) if self.is_bound else ()
        return queries.deadline_shown(values, self.instance, errors=errors)

    def add_error(self, field, error):
        super().add_error(field, at_number(error))

    def check_own(self, conteneur, data):
        """What is changed of the contract's container here would be lost: say where to do it."""
        for name in ("taille", "compagnie"):
            if data.get(name) and data[name] != getattr(conteneur, name):
                self.add_error(name, _("Change this on the container's own page."))

    def clean_numero_conteneur(self):
        return numero_de_conteneur(self.cleaned_data["numero_conteneur"])

    def clean(self):
        data = super().clean()
        numero = data.get("numero_conteneur")
        if numero and (known := queries.known_container(numero)):
            own = known.pk == self.instance.conteneur_id
            if not known.is_active and not own:
                self.add_error("numero_conteneur", _("This one is no longer active."))
            else:
                self.instance.conteneur = known
                self.check_own(known, data if own else {})
        elif numero and not data.get("compagnie"):
            if "compagnie" not in self.errors:
                self.add_error("compagnie", _("This container is new here: say whose it is."))
        elif numero and data.get("taille"):
            self.instance.conteneur = Conteneur(
                numero=numero, taille=data["taille"], compagnie=data["compagnie"]
            )
        if data.get("caution") is not None:
            try:
                money.check(data["caution"], data.get("devise"))
            except ValidationError as error:
                self.add_error("caution", error)
        return data


# -------------------------------------------------------------------------------------- missions
class FinishForm(ActionForm):
    date_retour = DayField(
        label=gettext_lazy("Returned on"), preview=True, initial=timezone.localdate
    )
    confirmer = forms.BooleanField(
        label=gettext_lazy("Confirm the penalty of those that are late"),
        required=False,
        widget=forms.CheckboxInput(attrs={"data-preview": ""}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.selection is not None:
            self.fields["confirmer"].help_text = lazystr(SimpleLazyObject(self._estimate))

    def clean_date_retour(self):
        return suiting(self, self.cleaned_data["date_retour"], "date_depart__lte", back_too_early)

    def _estimate(self):
        """What the late ones would cost if they ended on the day that the form has now."""
        value = self["date_retour"].value()
        try:
            day = self.fields["date_retour"].to_python(value)
        except ValidationError:
            day = None
        if day is None:
            return ""
        lines = [
            ngettext(
                "%(n)s container late by %(days)s: %(amount)s.",
                "%(n)s containers late by %(days)s together: %(amount)s in all.",
                late["n"],
            )
            % {
                "n": Counted(late["n"]),
                "days": ngettext("%(n)s day", "%(n)s days", late["days"])
                % {"n": Counted(late["days"])},
                "amount": formats.amount(late["amount"], late["devise"]),
            }
            for late in queries.penalties_on(self.selection, day)
        ]
        return " ".join(lines) or _("None is late on that day.")


class CancelMissionForm(ReasonForm):
    annuler_contrat = forms.BooleanField(
        label=gettext_lazy("Cancel the contracts that are left without a mission too"),
        required=False,
        initial=True,
        help_text=gettext_lazy("With their deposits. While another mission goes on, they stay."),
        widget=forms.CheckboxInput(attrs={"data-preview": ""}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cascade = SimpleLazyObject(
            lambda: queries.cascade_of_missions(
                self.selection, contracts=bool(self["annuler_contrat"].value())
            )
        )
        self.helper = helper_of(
            HTML('{% include "transport/_cascade.html" %}'), "raison", "annuler_contrat"
        )


class LinesField(forms.CharField):
    """A list, one item a line."""

    def __init__(self, **options):
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), **options)

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        lines = [line.strip() for line in super().to_python(value).splitlines()]
        return [line for line in lines if line]

    def has_changed(self, initial, data):
        return (initial or []) != self.to_python(data)


class ChildForm(forms.ModelForm):
    """A record of a contract or a mission: what it belongs to is given, not asked."""

    def __init__(self, *args, parent=None, **kwargs):
        super().__init__(*args, **kwargs)
        if parent is not None:
            setattr(self.instance, self.parent_name, parent)
        self.helper = helper_of(Fieldset("", *self.rows))


class MissionForm(ChildForm):
    parent_name = "contrat"
    rows = ("date_depart", "etapes", "observation")
    date_depart = DayField(label=gettext_lazy("Departure"))
    etapes = LinesField(
        label=gettext_lazy("Route"), required=False, help_text=gettext_lazy("One stage a line.")
    )

    class Meta:
        model = Mission
        fields = ["date_depart", "etapes", "observation"]
        widgets = {"observation": forms.Textarea(attrs={"rows": 3})}


class FraisForm(ChildForm):
    parent_name = "mission"
    rows = (Row(Column("genre"), Column("date")), Row(Column("libelle"), Column("montant")))
    date = DayField(label=gettext_lazy("Date"), initial=timezone.localdate)

    class Meta:
        model = FraisDeRoute
        fields = ["genre", "libelle", "date", "montant"]
        field_classes = {"montant": LocalDecimalField}


# ----------------------------------------------------------------------------------------- money
class ValidateForm(ActionForm):
    date = DayField(label=gettext_lazy("Validated on"), initial=timezone.localdate)


class RefundForm(ActionForm):
    remboursement = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=[
            (choice.value, choice.label)
            for choice in (Remboursement.REMBOURSE, Remboursement.SANS_SUITE)
        ],
    )
    raison = ReasonField(label=gettext_lazy("Remarks"), required=False)


class DepositStatusForm(ActionForm):
    statut = forms.ChoiceField(
        label=gettext_lazy("New status"),
        choices=[
            (status.value, status.label)
            for status in StatutCaution
            if status not in (StatutCaution.EN_ATTENTE, StatutCaution.ANNULEE)
        ],
        widget=forms.Select(attrs={"data-preview": ""}),
    )
    date = DayField(label=gettext_lazy("Since"), initial=timezone.localdate)
    raison = ReasonField(label=gettext_lazy("Remarks"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.selection is not None and not self.is_bound and "statut" not in self.initial:
            waiting_for = next_step(self.selection, "statut", CAUTION_SUITES)
            self.initial["statut"] = waiting_for or StatutCaution.PAYEE


class PaiementForm(ChildForm):
    parent_name = "mission"
    rows = (Row(Column("montant"), Column("mode")), "observation")

    class Meta:
        model = PaiementMission
        fields = ["montant", "mode", "observation"]
        field_classes = {"montant": LocalDecimalField}
        widgets = {"observation": forms.Textarea(attrs={"rows": 3})}


class CautionForm(ChildForm):
    parent_name = "contrat"
    rows = ("montant", "observation")

    class Meta:
        model = Cautions
        fields = ["montant", "observation"]
        field_classes = {"montant": LocalDecimalField}
        widgets = {"observation": forms.Textarea(attrs={"rows": 3})}


class PrestationForm(ChildForm):
    parent_name = "contrat_transport"
    rows = (Row(Column("libelle"), Column("date"), Column("montant")), "observation")
    date = DayField(label=gettext_lazy("Date"), initial=timezone.localdate)

    class Meta:
        model = PrestationDeTransports
        fields = ["libelle", "date", "montant", "observation"]
        field_classes = {"montant": LocalDecimalField}
        widgets = {"observation": forms.Textarea(attrs={"rows": 2})}


# ------------------------------------------------------------------------------- small records
class TransitaireForm(PartyForm):
    who = ("name", Row(Column("phone"), Column("email")))

    class Meta(PartyForm.Meta):
        model = Transitaire
        fields = ["name", "phone", "email", "notes"]


class CompagnieForm(forms.ModelForm):
    class Meta:
        model = Compagnie
        fields = ["nom"]

    def clean_nom(self):
        return " ".join(self.cleaned_data["nom"].split())


class CamionForm(forms.ModelForm):
    class Meta:
        model = Camion
        fields = ["immatriculation", "marque"]

    def clean_immatriculation(self):
        return " ".join(self.cleaned_data["immatriculation"].upper().split())


class OfLineForm(forms.ModelForm):
    """Of a shipping line: one that is active, or the one that it was of before."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["compagnie"].queryset = lines_for(self.instance.compagnie_id)


class ConteneurForm(OfLineForm):
    numero = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=20,
        help_text=gettext_lazy("Four letters and seven digits: MSCU 123456 6."),
    )

    class Meta:
        model = Conteneur
        fields = ["numero", "taille", "compagnie"]

    def clean_numero(self):
        return numero_de_conteneur(self.cleaned_data["numero"])


class PaliersField(forms.CharField):
    """Tiers, one a line: the first late day, a colon, the amount a day."""

    amount = LocalDecimalField(min_value=0, max_digits=14, decimal_places=3)

    def __init__(self, **options):
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **options)

    def prepare_value(self, value):
        if not isinstance(value, list):
            return value
        return "\n".join(f"{tier['du']}: {tier['montant']}" for tier in value)

    def to_python(self, value):
        tiers = {}
        for place, line in enumerate(super().to_python(value).splitlines(), 1):
            if not line.strip():
                continue
            day, _colon, amount = (part.strip() for part in line.partition(":"))
            if not (day.isdecimal() and len(day) < 5 and int(day) and amount):
                raise ValidationError(
                    _("Line %(n)s: write the first late day, a colon and the amount a day."),
                    params={"n": place},
                )
            if int(day) in tiers:
                raise ValidationError(
                    _("Line %(n)s: there is an amount from day %(day)s on already."),
                    params={"n": place, "day": day},
                )
            try:
                tiers[int(day)] = self.amount.clean(amount)
                check_tier(tiers[int(day)])
            except ValidationError as error:
                raise ValidationError(
                    _("Line %(n)s: %(error)s"),
                    params={"n": place, "error": " ".join(error.messages)},
                ) from None
        return penalties.paliers_de(tiers.items())

    def has_changed(self, initial, data):
        return (initial or []) != self.to_python(data)


class TarifForm(OfLineForm):
    paliers = PaliersField(
        label=gettext_lazy("Tiers"),
        required=False,
        help_text=gettext_lazy(
            "One a line: the first late day, a colon, the amount a day (1: 15000). "
            "Empty: the penalty a day of the house."
        ),
    )

    class Meta:
        model = Tarif
        fields = ["compagnie", "taille", "destination", "delai_jours", "paliers", "nom"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["compagnie"].empty_label = _("Any shipping line")
        sizes = self.fields["taille"].choices
        self.fields["taille"].choices = [("", _("Any size")), *sizes[1:]]

    def clean_destination(self):
        return " ".join(self.cleaned_data["destination"].split())
