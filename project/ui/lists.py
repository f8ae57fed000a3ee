"""The page of a list: filter, page, table, actions; or the part of it that htmx refreshes."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from .errors import asks_for_part
from .pages import END, Pager, Sort
from .table import table_of

SIZES = (25, 50, 100, 200)
SIZE = 50


def render_list(request, desk, table_class, *, new_url=None, template="ui/desk.html"):
    """The list of a desk's records that the query string asks for, as a page or as its part.

    `new_url` leads to the form that makes a record; None for those who may not. The number of
    statements does not depend on the page's size.
    """
    columns, size = preferences(request.user, desk.slug)
    filterset = desk.filterset(request.GET, user=request.user)
    table = table_class(columns)
    sort = table.sort(request.GET.get("sort", ""))
    pager = Pager(filterset.branches(sort), sort, size=size, fields=table.fields)
    page = pager.page(
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        count=lambda: filterset.count,
    )
    links = Links(request.path, filterset.query, sort, table_class.sorts[0])
    part = asks_for_part(request)
    context = {
        "desk": desk,
        "title": capfirst(desk.model._meta.verbose_name_plural),
        "part": part,
        "new_url": new_url,
        "filterset": filterset,
        "chips": [{"label": chip.label, "url": links.to(chip.without)} for chip in filterset.chips],
        "clear_url": links.to(f"{next(iter(filterset.filters))}="),
        "headings": headings(table, links),
        "body": table.body(page.rows, sort=sort, open_before=page.previous, open_after=page.next),
        "page": page,
        "pager": pager_links(page, links),
        "sort": links.sort_code,
        "order": sort.code,
        "here": links.here(request.GET),
        "actions": buttons(desk, request.user),
        "columns": choices(table_class, table),
        "sizes": [(each, each == size) for each in SIZES],
    }
    response = render(request, "ui/_desk.html" if part else template, context)
    if request.htmx.trigger == "filters":
        # What the address bar shows is the filter itself, without the form's empty fields; and
        # asking for the same again is no step of the history.
        url = links.to(filterset.query)
        response["HX-Push-Url"] = "false" if url == request.htmx.current_url_abs_path else url
    return response


def keys_on(query, desk, user):
    """The keys that the page of this query string would show if it were read now."""
    asked = QueryDict(query)
    _columns, size = preferences(user, desk.slug)
    sort = table_of(desk.slug).sort(asked.get("sort", ""))
    branches = desk.filterset(asked, user=user).branches(sort)
    page = Pager(branches, sort, size=size, fields=[]).page(
        after=asked.get("after"), before=asked.get("before"), count=lambda: None
    )
    return {row[0] for row in page.rows}


@dataclass(frozen=True, slots=True)
class Links:
    """The URLs of a list that keep its filter, its sort or both."""

    path: str
    filter: str
    sort: Sort
    default: Sort

    @property
    def sort_code(self):
        """The sort as the URL has it; '' for the default one."""
        return "" if self.sort == self.default else self.sort.code

    def to(self, query, **more):
        """The list filtered by `query`, in the same sort."""
        if self.sort_code:
            more = {"sort": self.sort_code} | more
        parts = [part for part in (query, urlencode(more)) if part]
        return f"{self.path}?{'&'.join(parts)}" if parts else self.path

    def at(self, cursor):
        """Another page of this list; None for no page."""
        return None if cursor is None else self.to(self.filter, **cursor)

    def sorted_by(self, sort):
        return Links(self.path, self.filter, sort, self.default).to(self.filter)

    def here(self, asked):
        """This very page, to refresh it after an action."""
        return self.at({name: asked[name] for name in ("after", "before") if asked.get(name)})


def headings(table, links):
    """The columns' headings, with the link that sorts by them where they can."""
    heads = []
    for column in table.shown_columns.values():
        head = {"label": column.verbose_name, "css": column.css}
        if column.sort:
            sort = next(sort for sort in table.sorts if sort.name == column.sort)
            if sort.name == links.sort.name:
                head["order"] = "descending" if links.sort.descending else "ascending"
                sort = links.sort.reversed()
            head["url"] = links.sorted_by(sort)
        heads.append(head)
    return heads


def pager_links(page, links):
    """[{label, url, rel}] of the first, previous, next and last page; a URL is None where none."""
    return [
        {"label": label, "rel": rel, "url": links.at(cursor)}
        for label, rel, cursor in (
            (_("First"), "", {} if page.previous else None),
            (_("Previous"), "prev", page.previous),
            (_("Next"), "next", page.next),
            (_("Last"), "", {"before": END} if page.next else None),
        )
    ]


def buttons(desk, user):
    """The actions that the user may take: the commonest for the bar, the others for its menu, and
    those that take what the filter shows, beside it."""
    every = [
        {"action": action, "url": desk.action_url(action)} for action in desk.actions_for(user)
    ]
    return {
        "any": every,
        "of_filter": [each for each in every if each["action"].filters],
        "primary": [each for each in every if each["action"].primary],
        "more": [each for each in every if not each["action"].primary],
    }


# ------------------------------------------------------------------------- what the user chose
def preferences(user, slug):
    """(columns, page size) that the user chose for a desk; () and the usual size where none."""
    chosen = user.preferences.get(slug, {})
    size = chosen.get("size")
    return chosen.get("columns", ()), size if size in SIZES else SIZE


def choices(table_class, table):
    """The columns that can be shown or hidden, and whether they are shown."""
    return [
        {"name": name, "label": column.verbose_name, "shown": name in table.shown_columns}
        for name, column in table_class.base_columns.items()
        if not column.fixed
    ]


@require_POST
def columns(request, slug):
    """Keep the columns and the page size that the user wants on a list; no column: the usual."""
    try:
        known = table_of(slug).base_columns
    except KeyError:
        raise Http404 from None
    wanted = [name for name in request.POST.getlist("column") if name in known]
    if "reset" in request.POST:
        wanted = []
    size = request.POST.get("size", "")
    user = request.user
    user.preferences[slug] = {
        "columns": wanted,
        "size": int(size) if size in map(str, SIZES) else SIZE,
    }
    user.save(update_fields=["preferences"])
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    return HttpResponseRedirect(back)
