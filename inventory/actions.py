"""What staff do in the inventory: which verb, what it asks, how it looks. Rules are in services."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Action, forms_of, told
from project.actions.forms import OptionalReasonForm, ReasonForm
from project.exchange import actions as files
from project.exchange import exporting

from . import devices, documents, entries, movements, quarantine, services
from .forms import MovementForm, RecapForm, ThresholdForm, TransferForm
from .models import Article, Boutique, Terminal
from .notifications import LOW_STOCK

# By kind and act: the question and what was done. What has a page of its own asks no question.
WORDS = {
    Article: {
        "activate": (
            ngettext_lazy("Activate %(n)s article", "Activate %(n)s articles", "n"),
            ngettext_lazy("%(n)s article activated.", "%(n)s articles activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s article", "Deactivate %(n)s articles", "n"),
            ngettext_lazy("%(n)s article deactivated.", "%(n)s articles deactivated.", "n"),
        ),
    },
    Boutique: {
        "activate": (
            ngettext_lazy("Activate %(n)s shop", "Activate %(n)s shops", "n"),
            ngettext_lazy("%(n)s shop activated.", "%(n)s shops activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s shop", "Deactivate %(n)s shops", "n"),
            ngettext_lazy("%(n)s shop deactivated.", "%(n)s shops deactivated.", "n"),
        ),
    },
    Terminal: {
        "activate": (
            ngettext_lazy("Activate %(n)s terminal", "Activate %(n)s terminals", "n"),
            ngettext_lazy("%(n)s terminal activated.", "%(n)s terminals activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s terminal", "Deactivate %(n)s terminals", "n"),
            ngettext_lazy("%(n)s terminal deactivated.", "%(n)s terminals deactivated.", "n"),
        ),
    },
}
CREATED = {
    Article: ngettext_lazy("%(n)s article created.", "%(n)s articles created.", "n"),
    Boutique: ngettext_lazy("%(n)s shop created.", "%(n)s shops created.", "n"),
    Terminal: ngettext_lazy("%(n)s terminal created.", "%(n)s terminals created.", "n"),
}
CHANGED = {
    Article: ngettext_lazy("%(n)s article changed.", "%(n)s articles changed.", "n"),
    Boutique: ngettext_lazy("%(n)s shop changed.", "%(n)s shops changed.", "n"),
    Terminal: ngettext_lazy("%(n)s terminal changed.", "%(n)s terminals changed.", "n"),
}


def activation(model):
    """(activate, deactivate) for the records of `model`."""
    return services.ACTIVATION.actions(model, WORDS[model])


def pages_of(model):
    """(create, edit) for the records of `model`."""
    return forms_of(model, CREATED[model], CHANGED[model], revert=model.save)


def told_of(code, label, permission, done=None):
    return told(f"inventory.{code}", label, f"inventory.{permission}", done)


MOVED = ngettext_lazy("%(n)s article moved.", "%(n)s articles moved.", "n")
RECEIVE = Action(
    code="inventory.receive",
    label=_("Receive"),
    question=ngettext_lazy("Receive %(n)s article", "Receive %(n)s articles", "n"),
    done=ngettext_lazy("%(n)s article received.", "%(n)s articles received.", "n"),
    permission="inventory.receive_article",
    service=movements.receive,
    refusals=lambda selection, answers: movements.not_receivable(answers.get("quantity")),
    form=MovementForm,
    icon="receive",
    primary=True,
)
ISSUE = Action(
    code="inventory.issue",
    label=_("Issue"),
    question=ngettext_lazy("Issue %(n)s article", "Issue %(n)s articles", "n"),
    done=ngettext_lazy("%(n)s article issued.", "%(n)s articles issued.", "n"),
    permission="inventory.issue_article",
    service=movements.issue,
    refusals=lambda selection, answers: movements.not_issuable(answers.get("quantity")),
    form=MovementForm,
    icon="issue",
    primary=True,
)
TRANSFER = Action(
    code="inventory.transfer",
    label=_("Transfer"),
    question=ngettext_lazy("Transfer %(n)s article", "Transfer %(n)s articles", "n"),
    done=ngettext_lazy("%(n)s article transferred.", "%(n)s articles transferred.", "n"),
    permission="inventory.transfer_article",
    service=movements.transfer,
    refusals=lambda selection, answers: movements.not_transferable(
        answers.get("shop"), answers.get("quantity")
    ),
    form=TransferForm,
    icon="return",
)
THRESHOLD = Action(
    code="inventory.set_threshold",
    label=_("Alert threshold"),
    question=ngettext_lazy(
        "Set the threshold of %(n)s article", "Set the threshold of %(n)s articles", "n"
    ),
    done=ngettext_lazy("%(n)s article changed.", "%(n)s articles changed.", "n"),
    permission="inventory.set_threshold_article",
    service=services.set_threshold,
    refusals=lambda selection, answers: services.same_threshold(answers.get("threshold")),
    form=ThresholdForm,
    inverse="inventory.set_threshold",
    writes=("seuil_alerte",),
    icon="bell",
)
COUNT = told_of("count", _("Count"), "count_article", MOVED)
TAKE_BACK = told_of("take_back", _("Customer return"), "return_article", MOVED)
EXPORT_ARTICLES = files.export(
    "inventory.export",
    permission="inventory.export_article",
    question=ngettext_lazy("Export %(n)s article", "Export %(n)s articles", "n"),
    done=ngettext_lazy("%(n)s article exported.", "%(n)s articles exported.", "n"),
)
# What the log of a shop tells of its ledger.
EXPORT_MOVEMENTS = files.export(
    "inventory.export_movements",
    permission="inventory.export_mouvementstock",
    question=ngettext_lazy("Export %(n)s movement", "Export %(n)s movements", "n"),
    done=ngettext_lazy("%(n)s movement exported.", "%(n)s movements exported.", "n"),
)
EXPORT_SALES = files.export(
    "inventory.export_sales",
    permission="inventory.export_vente",
    question=ngettext_lazy("Export %(n)s sale", "Export %(n)s sales", "n"),
    done=ngettext_lazy("%(n)s sale exported.", "%(n)s sales exported.", "n"),
)
ARTICLES = (RECEIVE, ISSUE, TRANSFER, THRESHOLD, *activation(Article), EXPORT_ARTICLES)
ARTICLE_FORMS = (
    *pages_of(Article),
    COUNT,
    TAKE_BACK,
    Action(
        code=entries.CREATED,
        label=_("Created from a file"),
        question=None,
        done=ngettext_lazy("%(n)s article created.", "%(n)s articles created.", "n"),
        permission="inventory.add_article",
        creates=True,
    ),
    Action(
        code=entries.CHANGED,
        label=_("Changed from a file"),
        question=None,
        done=ngettext_lazy("%(n)s article changed.", "%(n)s articles changed.", "n"),
        permission="inventory.change_article",
        inverse=entries.CHANGED,
        writes=entries.WRITES,
    ),
    told_of("transfer_in", _("Transfer in"), "transfer_article"),
    told_of(LOW_STOCK.rpartition(".")[2], _("Low stock"), "view_article"),
)

RECAP = Action(
    code="inventory.recap",
    label=_("Recap"),
    question=ngettext_lazy("Recap of %(n)s shop", "Recap of %(n)s shops", "n"),
    done=ngettext_lazy("Recap of %(n)s shop made.", "Recap of %(n)s shops made.", "n"),
    icon="print",
    permission="inventory.recap_boutique",
    service=documents.recap,
    form=RecapForm,
    reports=True,
    leads_to=exporting.page_of,
    primary=True,
)
BOUTIQUES = (RECAP, *activation(Boutique))
BOUTIQUE_FORMS = (
    *pages_of(Boutique),
    told_of("export_movements", _("Movements exported"), "export_mouvementstock"),
    told_of("export_sales", _("Sales exported"), "export_vente"),
)
MOVEMENTS = (EXPORT_MOVEMENTS,)
SALES = (EXPORT_SALES,)

REVOKE_KEY = Action(
    code="inventory.revoke_key",
    label=_("Revoke the key"),
    question=ngettext_lazy(
        "Revoke the key of %(n)s terminal", "Revoke the keys of %(n)s terminals", "n"
    ),
    done=ngettext_lazy("%(n)s key revoked.", "%(n)s keys revoked.", "n"),
    permission="inventory.revoke_key_terminal",
    service=devices.revoke_key,
    refusals=devices.NO_KEY,
    form=OptionalReasonForm,
    tone="danger",
    icon="cancel",
)
GIVE_KEY = told_of("give_key", _("Key given"), "give_key_terminal")
TERMINALS = (REVOKE_KEY, *activation(Terminal))
TERMINAL_FORMS = (*pages_of(Terminal), GIVE_KEY)

REPLAY = Action(
    code="inventory.replay",
    label=_("Replay"),
    question=ngettext_lazy("Replay %(n)s sale", "Replay %(n)s sales", "n"),
    done=ngettext_lazy("%(n)s sale booked.", "%(n)s sales booked.", "n"),
    permission="inventory.replay_venteenquarantaine",
    service=quarantine.replay,
    refusals=quarantine.not_replayable,
    icon="restore",
    primary=True,
)
ACCEPT = Action(
    code="inventory.accept",
    label=_("Accept below zero"),
    question=ngettext_lazy(
        "Accept %(n)s sale, below zero if need be",
        "Accept %(n)s sales, below zero if need be",
        "n",
    ),
    done=ngettext_lazy("%(n)s sale booked.", "%(n)s sales booked.", "n"),
    permission="inventory.accept_venteenquarantaine",
    service=quarantine.accept,
    refusals=quarantine.not_acceptable,
    form=ReasonForm,
    icon="settle",
)
QUARANTINE = (REPLAY, ACCEPT)
QUARANTINE_FORMS = (
    Action(
        code="inventory.correct",
        label=_("Correct"),
        done=ngettext_lazy("%(n)s sale corrected.", "%(n)s sales corrected.", "n"),
        permission="inventory.change_venteenquarantaine",
        inverse="inventory.correct",
        revert=quarantine.save,
    ),
    told_of("quarantine", _("Put into quarantine"), "view_venteenquarantaine"),
)
