"""The pages of the wing."""

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import desk as desks
from project.actions import pages, requests
from project.ui.lists import render_list

from . import documents, exports, missions, payments, queries, reports, services
from .forms import (
    CautionForm,
    ContratForm,
    FraisForm,
    MissionForm,
    PaiementForm,
    PrestationForm,
)
from .models import (
    Cautions,
    ContratTransport,
    FraisDeRoute,
    Mission,
    PaiementMission,
    PrestationDeTransports,
)
from .tables import CautionTable, ContratTable, MissionTable, PaiementTable

LATE_PAGE = 100


def may(permission):
    return permission_required(f"transport.{permission}", raise_exception=True)


def list_of(request, slug, table, *, create=None):
    desk = desks.get(slug)
    new = create if create and request.user.has_perm(desk.action("create").permission) else None
    return render_list(request, desk, table, new_url=reverse(new) if new else None)


# ------------------------------------------------------------------------------- the whole wing
@require_safe
@may("view_contrattransport")
def dashboard(request):
    """How well containers come back, what it costs, and what is out now."""
    late = f"{reverse('contrat_list')}?en_retard=1"
    context = {"charts": reports.dashboard(timezone.localdate(), late)}
    return render(request, "transport/dashboard.html", context)


@require_safe
@may("view_contrattransport")
def retards(request):
    """Which containers are late, by how much, what that costs by now, and whom to call."""
    today = timezone.localdate()
    late = reports.late_contracts(today)
    context = {
        "page": Paginator(late, LATE_PAGE).get_page(request.GET.get("rows")),
        "totals": reports.late_totals(today),
        "today": today,
        "files": late_files(request.user),
    }
    return render(request, "transport/retards.html", context)


def late_files(user):
    """The late report as files: each by its own dialog, already answered."""
    late = {"slug": "contrats", "query": "en_retard=1", "user": user}
    workbook = {"format": "xlsx", "columns": exports.LATE, "totals": "on"}
    asked = (
        requests.of_filter(_("Excel"), name="export", **late, **workbook),
        requests.of_filter(_("PDF"), name="print", **late, document=documents.LATE_REPORT.name),
    )
    return [each for each in asked if each]


# ------------------------------------------------------------------------------------- contracts
@require_safe
@may("view_contrattransport")
def contrat_list(request):
    return list_of(request, "contrats", ContratTable, create="contrat_create")


def ending_of(contrat, user):
    """What a page says of a contract that staff can end; None where it isn't one."""
    if not services.to_end(services.alone(contrat)).exists():
        return None
    asks = requests.of_record(_("End the contract"), "contrats", "terminer_contrat", contrat, user)
    return {"contrat": contrat, "request": asks}


@require_safe
@may("view_contrattransport")
def contrat_detail(request, pk):
    """All of one contract: its deadline, what hangs on it, what can be done, and its life."""
    contrat = get_object_or_404(ContratTransport.objects.with_people(), pk=pk)
    today = timezone.localdate()
    context = {
        "contrat": contrat,
        "missions": contrat.missions.order_by("date_depart", "pk"),
        "paiements": PaiementMission.objects.filter(mission__contrat=contrat)
        .select_related("mission")
        .order_by("pk"),
        "cautions": contrat.cautions.order_by("pk"),
        "prestations": contrat.prestations.all(),
        "suspensions": contrat.suspensions.filter(levee_dans=None),
        "totals": queries.totals_of(contrat),
        "late": contrat.jours_de_retard(today) if contrat.statut == "actif" else 0,
        "days_left": (contrat.date_limite_retour - today).days,
        "penalty": contrat.penalite_au(today),
        "ending": ending_of(contrat, request.user),
        "paper": requests.of_record(
            _("Contract as PDF"),
            "contrats",
            "print",
            contrat,
            request.user,
            document=documents.CONTRACTS.name,
        ),
        # What hangs on it is changed through desks of its own.
        "refresh_on": " from:body, ".join(
            f"{slug}-changed" for slug in ("missions", "paiements", "cautions", "contrats")
        ),
    }
    return pages.show(request, desks.get("contrats"), contrat, "transport/contrat.html", context)


@require_http_methods(["GET", "POST"])
@may("view_contrattransport")
def contrat_create(request):
    return pages.create(
        request,
        desks.get("contrats"),
        ContratForm,
        service=_make_contract,
        title=_("New contract"),
        initial={"client": request.GET.get("client")},
    )


def _make_contract(form, *, by, token):
    return services.creer(
        form.instance, by=by, caution=form.cleaned_data.get("caution"), token=token
    )


@require_http_methods(["GET", "POST"])
@may("view_contrattransport")
def contrat_edit(request, pk):
    contrat = get_object_or_404(ContratTransport.objects.with_people(), pk=pk)
    return pages.edit(
        request,
        desks.get("contrats"),
        contrat,
        ContratForm,
        service=_saved_by(services.modifier),
        title=_("Edit %(reference)s") % {"reference": contrat},
    )


@require_safe
@may("view_contrattransport")
def contrat_echeance(request):
    """The deadline that the form's values give: the same calculation as when it is saved."""
    contrat = ContratTransport()
    key = request.GET.get("contrat", "")
    if key.isdecimal() and len(key) < 19:
        contrat = ContratTransport.objects.filter(pk=int(key)).first() or contrat
    shown = queries.deadline_shown(request.GET, contrat, fresh=True)
    context = {"echeance": shown, "form": {"instance": contrat}}
    return render(request, "transport/_echeance.html", context)


@require_http_methods(["GET", "POST"])
@may("delete_contrattransport")
def delete_contrat(request, pk):
    """Delete an empty contract; of any other, say what hangs on it and offer to cancel it."""
    contrat = get_object_or_404(ContratTransport, pk=pk)
    if request.method == "POST":
        try:
            services.supprimer(contrat, by=request.user)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("✅ Contract deleted"))
        return redirect("contrat_list")
    desk = desks.get("contrats")
    cancel = desk.action("annuler_contrat")
    context = {
        "contrat": contrat,
        "title": _("Delete the contract"),
        "obstacles": [
            (kind, records.count(), records.order_by("pk")[: queries.MOST_NAMED])
            for kind, records in services.obstacles(contrat)
        ],
        "cancel_url": desk.action_url(cancel),
        "may_cancel": request.user.has_perm(cancel.permission) and contrat.statut != "annule",
    }
    return render(request, "transport/contrat_confirm_delete.html", context)


def _saved_by(service):
    return lambda form, *, by: service(form.instance, by=by)


def _made_by(service):
    return lambda form, *, by, token: service(form.instance, by=by, token=token)


# ------------------------------------------------------------- what hangs on contracts and missions
def create_child(request, slug, parent, form_class, *, service, title):
    return pages.create(
        request,
        desks.get(slug),
        partial(form_class, parent=parent),
        service=_made_by(service),
        title=title % {"of": parent},
    )


def edit_one(request, slug, record, form_class, *, service):
    return pages.edit(
        request,
        desks.get(slug),
        record,
        form_class,
        service=_saved_by(service),
        title=_("Edit %(reference)s") % {"reference": record},
    )


@require_safe
@may("view_mission")
def mission_list(request):
    return list_of(request, "missions", MissionTable)


@require_safe
@may("view_mission")
def mission_detail(request, pk):
    """One mission: its dates, its penalty and how that came about, its money and its life."""
    related = ("contrat__client", "contrat__camion", "contrat__chauffeur", "contrat__conteneur")
    mission = get_object_or_404(Mission.objects.select_related(*related), pk=pk)
    frais = list(mission.frais.all())
    context = {
        "mission": mission,
        "contrat": mission.contrat,
        "paiements": mission.paiements.order_by("pk"),
        "frais": frais,
        "spent": sum(each.montant for each in frais if each.genre == "depense"),
        "given": sum(each.montant for each in frais if each.genre == "avance"),
        "ending": ending_of(mission.contrat, request.user),
        "refresh_on": "paiements-changed from:body, contrats-changed from:body, missions-changed",
    }
    return pages.show(request, desks.get("missions"), mission, "transport/mission.html", context)


@require_http_methods(["GET", "POST"])
@may("view_mission")
def mission_create(request, pk):
    contrat = get_object_or_404(ContratTransport, pk=pk)
    title = _("New mission of %(of)s")
    return create_child(
        request, "missions", contrat, MissionForm, service=missions.creer, title=title
    )


@require_http_methods(["GET", "POST"])
@may("view_mission")
def mission_edit(request, pk):
    mission = get_object_or_404(Mission.objects.select_related("contrat"), pk=pk)
    return edit_one(request, "missions", mission, MissionForm, service=missions.modifier)


@require_http_methods(["GET", "POST"])
@may("view_fraisderoute")
def frais_create(request, pk):
    mission = get_object_or_404(Mission.objects.select_related("contrat"), pk=pk)
    title = _("Road expense of %(of)s")
    return create_child(
        request, "frais", mission, FraisForm, service=missions.noter_frais, title=title
    )


@require_http_methods(["GET", "POST"])
@may("view_fraisderoute")
def frais_edit(request, pk):
    frais = get_object_or_404(FraisDeRoute.objects.select_related("mission__contrat"), pk=pk)
    return edit_one(request, "frais", frais, FraisForm, service=missions.noter_frais)


@require_safe
@may("view_paiementmission")
def paiement_list(request):
    return list_of(request, "paiements", PaiementTable)


@require_safe
@may("view_paiementmission")
def paiement_detail(request, pk):
    related = ("mission__contrat__client", "valide_par", "annule_par")
    paiement = get_object_or_404(PaiementMission.objects.select_related(*related), pk=pk)
    context = {"paiement": paiement}
    return pages.show(request, desks.get("paiements"), paiement, "transport/paiement.html", context)


@require_http_methods(["GET", "POST"])
@may("view_paiementmission")
def paiement_create(request, pk):
    mission = get_object_or_404(Mission.objects.select_related("contrat"), pk=pk)
    title = _("Payment of %(of)s")
    return create_child(
        request, "paiements", mission, PaiementForm, service=payments.creer_paiement, title=title
    )


@require_http_methods(["GET", "POST"])
@may("view_paiementmission")
def paiement_edit(request, pk):
    paiement = get_object_or_404(PaiementMission.objects.select_related("mission__contrat"), pk=pk)
    return edit_one(
        request, "paiements", paiement, PaiementForm, service=payments.modifier_paiement
    )


@require_safe
@may("view_cautions")
def caution_list(request):
    return list_of(request, "cautions", CautionTable)


@require_safe
@may("view_cautions")
def caution_detail(request, pk):
    related = ("contrat__conteneur__compagnie", "contrat__client", "annule_par")
    caution = get_object_or_404(Cautions.objects.select_related(*related), pk=pk)
    context = {"caution": caution}
    return pages.show(request, desks.get("cautions"), caution, "transport/caution.html", context)


@require_http_methods(["GET", "POST"])
@may("view_cautions")
def caution_create(request, pk):
    contrat = get_object_or_404(ContratTransport, pk=pk)
    title = _("Deposit of %(of)s")
    return create_child(
        request, "cautions", contrat, CautionForm, service=payments.creer_caution, title=title
    )


@require_http_methods(["GET", "POST"])
@may("view_cautions")
def caution_edit(request, pk):
    caution = get_object_or_404(Cautions.objects.select_related("contrat"), pk=pk)
    return edit_one(request, "cautions", caution, CautionForm, service=payments.modifier_caution)


@require_http_methods(["GET", "POST"])
@may("view_prestationdetransports")
def prestation_create(request, pk):
    contrat = get_object_or_404(ContratTransport, pk=pk)
    title = _("Service of %(of)s")
    return create_child(
        request,
        "prestations",
        contrat,
        PrestationForm,
        service=payments.noter_prestation,
        title=title,
    )


@require_http_methods(["GET", "POST"])
@may("view_prestationdetransports")
def prestation_edit(request, pk):
    found = PrestationDeTransports.objects.select_related("contrat_transport")
    prestation = get_object_or_404(found, pk=pk)
    return edit_one(
        request, "prestations", prestation, PrestationForm, service=payments.noter_prestation
    )
