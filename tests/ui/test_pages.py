"""Pages by key, over customers sorted by name."""

import pytest

from project.directory.models import Customer
from project.ui.pages import CAP, END, Count, Pager, Sort, count_of
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

BY_NAME = Sort("name", "Name", "name")


def pager(size=3, sort=BY_NAME, records=None):
    records = Customer.objects.all() if records is None else records
    return Pager([records], sort, size=size, fields=["name"])


def page(size=3, sort=BY_NAME, records=None, **cursor):
    one = pager(size, sort, records)
    total = Customer.objects.all() if records is None else records
    return one.page(count=lambda: count_of(total), **cursor)


def names(page):
    return "".join(row[2] for row in page.rows)


def places(page):
    return page.first, page.last


@pytest.fixture
def letters():
    return {letter: make_customer(letter) for letter in "ABCDEFGH"}


def walk(step, start, **options):
    """The pages from `start` on, following `step` ("next" or "previous")."""
    seen = [start]
    while cursor := getattr(seen[-1], step):
        seen.append(page(**options, **cursor))
    return seen


def test_it_walks_forward_over_every_row_once(letters):
    pages = walk("next", page())
    assert [names(each) for each in pages] == ["ABC", "DEF", "GH"]
    assert [places(each) for each in pages] == [(1, 3), (4, 6), (7, 8)]


def test_it_walks_back_from_the_end_over_every_row_once(letters):
    pages = walk("previous", page(before=END))
    assert [names(each) for each in pages] == ["FGH", "CDE", "ABC"]
    assert [places(each) for each in pages] == [(6, 8), (3, 5), (1, 3)]


def test_it_goes_back_to_the_page_it_came_from(letters):
    second = page(**page().next)
    assert names(page(**second.previous)) == "ABC"
    third = page(**second.next)
    assert names(page(**third.previous)) == "DEF"


def test_it_walks_in_both_directions_of_a_sort(letters):
    down = BY_NAME.reversed()
    pages = walk("next", page(sort=down), sort=down)
    assert [names(each) for each in pages] == ["HGF", "EDC", "BA"]
    pages = walk("previous", page(sort=down, before=END), sort=down)
    assert [names(each) for each in pages] == ["CBA", "FED", "HGF"]


@pytest.mark.parametrize("descending", [False, True])
def test_it_loses_no_row_among_equals(descending):
    made = [make_customer("same").pk for _ in range(7)]
    sort = BY_NAME.reversed() if descending else BY_NAME
    pages = walk("next", page(sort=sort), sort=sort)
    seen = [row[0] for each in pages for row in each.rows]
    assert seen == sorted(made, reverse=descending)


def test_the_first_page_has_nothing_before_and_the_last_nothing_after(letters):
    first, last = page(), page(before=END)
    assert (first.previous, bool(first.next)) == (None, True)
    assert (bool(last.previous), last.next) == (True, None)


def test_a_list_that_fits_has_no_other_page_and_needs_no_count(letters):
    whole = pager(size=8).page(count=None)
    assert (whole.previous, whole.next, whole.count) == (None, None, Count(8))


def test_an_empty_list_is_a_page_without_rows():
    nothing = page()
    assert (nothing.rows, nothing.count, nothing.position) == ([], Count(0), "")
    assert page(before=END).rows == []


def test_a_row_that_has_gone_leaves_the_nearest_page_with_a_word(letters):
    cursor = page().next
    nearest = page(records=Customer.objects.exclude(name="C"), **cursor)
    assert names(nearest) == "DEF"
    assert nearest.note
    assert places(nearest) == (3, 5)


def test_a_row_that_moved_leaves_the_nearest_page_with_a_word(letters):
    cursor = page().next
    letters["C"].name = "Z"
    letters["C"].save()
    nearest = page(**cursor)
    assert names(nearest) == "DEF"
    assert nearest.note


def test_a_row_that_is_still_there_needs_no_word(letters):
    assert page(**page().next).note == ""
    assert page(**page(before=END).previous).note == ""


def test_a_page_past_the_end_becomes_the_last_one_with_a_word(letters):
    cursor = page(**page().next).next
    last = page(records=Customer.objects.exclude(name__in="GH"), **cursor)
    assert names(last) == "DEF"
    assert last.note


def test_going_back_to_a_shortened_head_shows_a_whole_first_page(letters):
    cursor = page(**page().next).previous
    first = page(records=Customer.objects.exclude(name__in="AB"), **cursor)
    assert names(first) == "CDE"
    assert places(first) == (1, 3)


@pytest.mark.parametrize("text", ["garbage", "WyJuYW1lIl0:x", "é", "-1", "null", "a" * 5000])
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_broken_cursor_shows_the_first_page_with_a_word(letters, text, direction):
    first = page(**{direction: text})
    assert names(first) == "ABC"
    assert first.note


def test_a_cursor_of_another_sort_is_not_taken(letters):
    cursor = page().next
    other = page(sort=BY_NAME.reversed(), **cursor)
    assert names(other) == "HGF"
    assert other.note


def test_a_tampered_cursor_is_not_taken(letters):
    payload, signature = page().next["after"].rsplit(":", 1)
    assert page(after=f"{payload[:-2]}AA:{signature}").note


def test_the_count_stops_at_its_cap(letters):
    assert count_of(Customer.objects.all(), cap=8) == Count(8)
    assert count_of(Customer.objects.all(), cap=7) == Count(7, capped=True)
    assert str(Count(7, capped=True)) == "7+"


def test_from_an_uncountable_end_places_count_backwards(letters):
    capped = Count(CAP, capped=True)
    last = pager().page(before=END, count=lambda: capped)
    assert places(last) == (-3, -1)
    earlier = pager().page(**last.previous, count=lambda: capped)
    assert places(earlier) == (-6, -4)
    assert places(pager().page(**earlier.next, count=lambda: capped)) == (-3, -1)


def test_branches_are_merged_in_the_order_of_the_sort(letters):
    some = Customer.objects.filter(name__in="ACEG")
    others = Customer.objects.filter(name__in="BDFH")

    def merged(**cursor):
        both = Pager([some, others], BY_NAME, size=3, fields=["name"])
        return both.page(count=lambda: Count(8), **cursor)

    first = merged()
    second = merged(**first.next)
    assert names(first) + names(second) + names(merged(**second.next)) == "ABCDEFGH"
    assert names(merged(**second.previous)) == "ABC"
    assert names(merged(before=END)) == "FGH"


def test_a_page_takes_one_statement_and_its_count_another(letters, django_assert_num_queries):
    cursor = page().next
    with django_assert_num_queries(2):
        page(**cursor)
    with django_assert_num_queries(2):
        page(before=END)
