"""The pages about e-mails: what left, what waits, what failed and can be sent again."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from project.ui.formats import Counted
from project.ui.lists import Links, pager_links
from project.ui.pages import Pager, Sort, count_of

from . import letters, outbox
from .models import OutgoingMail

logger = logging.getLogger(__name__)

SIZE = 50
NEWEST = Sort("newest", gettext_lazy("Newest first"), "id", descending=True)

VIEW, RESEND = "notifications.view_outgoingmail", "notifications.resend_outgoingmail"
may_view = permission_required(VIEW, raise_exception=True)
may_resend = permission_required((VIEW, RESEND), raise_exception=True)


@require_safe
@may_view
def mail_list(request):
    state = request.GET.get("state", "")
    if state not in OutgoingMail.State.values:
        state = ""
    mails = OutgoingMail.objects.filter(state=state) if state else OutgoingMail.objects.all()
    page = Pager([mails], NEWEST, size=SIZE, fields=()).page(
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        count=lambda: count_of(mails),
    )
    keys = [row[0] for row in page.rows]
    shown = list(OutgoingMail.objects.filter(pk__in=keys).select_related("batch"))
    links = Links(request.path, f"state={state}" if state else "", NEWEST, NEWEST)
    rows = described(shown)
    return render(
        request,
        "notifications/mails.html",
        {
            "rows": rows,
            "page": page,
            "pager": pager_links(page, links),
            "states": [("", _("All")), *OutgoingMail.State.choices],
            "state": state,
            "may_resend": request.user.has_perm(RESEND) and any(mail.resendable for mail in shown),
            "failed": OutgoingMail.objects.failed().exists(),
            "here": request.get_full_path(),
        },
    )


@require_safe
@may_view
def mail_detail(request, pk):
    """One message: where it stands, and its words."""
    mail = get_object_or_404(OutgoingMail.objects.select_related("batch__user"), pk=pk)
    context = {
        "row": described([mail])[0],
        "mail": mail,
        "letter": None,
        "unwritten": "",
        "may_resend": request.user.has_perm(RESEND),
    }
    if mail.kind in letters.labels() and mail.trouble != OutgoingMail.Trouble.UNWRITTEN:
        try:
            context["letter"] = letters.kind(mail.kind).write(mail)
        except Exception:  # as when it is sent: one that can't be written has a page all the same
            logger.exception("E-mail %s could not be written", mail.pk)
            context["unwritten"] = OutgoingMail.Trouble.UNWRITTEN.label
    context["address"] = mail.recipient or (context["letter"] and context["letter"].address)
    return render(request, "notifications/mail.html", context)


@require_POST
@may_resend
def mail_resend(request):
    """Send again the messages picked, or all that failed."""
    mails = OutgoingMail.objects.all()
    if request.POST.get("all") == "1":
        mails = mails.failed()
    else:
        keys = [key for key in request.POST.getlist("pk") if key.isdecimal() and len(key) < 19]
        mails = mails.filter(pk__in=keys)
    count, outdated = outbox.resend(mails)
    if outdated:
        messages.warning(request, OutgoingMail.Trouble.OUTDATED.label)
    if count:
        text = ngettext(
            "%(n)s e-mail will be sent again.", "%(n)s e-mails will be sent again.", count
        )
        messages.success(request, text % {"n": Counted(count)})
    elif not outdated:
        messages.warning(request, _("Choose at least one e-mail that failed."))
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = reverse("mails:list")
    return HttpResponseRedirect(back)


def described(mails):
    """What a page says of each message; two statements for each kind of record they are about.

    `about` is the record that its words name first, `others` how many more it tells of.
    """
    known, labels = {}, letters.labels()
    ways = {}
    for mail in mails:
        if mail.kind in labels:
            kind = letters.kind(mail.kind)
            first = kind.first or F("object_id")
            ways.setdefault((kind.pages, first), []).append(mail.pk)
    for (pages, first), keys in ways.items():
        told = OutgoingMail.objects.filter(pk__in=keys).order_by()
        firsts = dict(told.annotate(first=Coalesce(first, "object_id")).values_list("pk", "first"))
        found = pages(set(firsts.values()))
        known |= {pk: found.get(key) for pk, key in firsts.items()}
    return [
        {
            "mail": mail,
            "label": label,
            "title": mail.subject or " ".join([str(label), *(known.get(mail.pk) or ())[:1]]),
            "about": known.get(mail.pk),
            "others": max(len(mail.records) - 1, 0),
        }
        for mail in mails
        for label in [labels.get(mail.kind, mail.kind)]
    ]
