import pytest
from django import forms
from django.urls import reverse
from django.utils.html import escape

from project.directory.models import Customer
from project.ui.lookup import LookupField, SuggestInput
from tests.factories import make_customer, make_user

pytestmark = pytest.mark.django_db


def look_up(client, kind, text):
    return client.get(reverse(f"directory:{kind}-lookup"), {"q": text})


def found(client, kind, text):
    return [option.name for option in look_up(client, kind, text).context["options"]]


# --------------------------------------------------------------------------------- the live search
@pytest.mark.parametrize("text", ["téranga", "TERANGA", "hotel ter", "77 123 45 67", "771234567"])
def test_it_finds_by_any_part_without_accents_or_case(client, office, kind, make, text):
    make("Hôtel Téranga", phone="+221 77 123 45 67")
    make("Somebody else")
    assert found(client, kind, text) == ["Hôtel Téranga"]


def test_it_offers_active_ones_only(client, office, kind, make):
    make("Awa Diop", is_active=False)
    assert found(client, kind, "Awa") == []


def test_it_offers_eight_at_most_in_alphabetical_order(client, office, kind, make):
    for letter in "jihgfedcba":
        make(f"Awa {letter}")
    assert found(client, kind, "awa") == [f"Awa {letter}" for letter in "abcdefgh"]


@pytest.mark.parametrize("text", ["", "   ", "zzz", '"', "%", "' OR 1", "x" * 500])
def test_it_offers_nothing_where_nothing_is_meant(client, office, kind, make, text):
    make("Awa Diop")
    assert found(client, kind, text) == []


def test_it_answers_options_with_escaped_names(client, office, kind, make):
    party = make("<i>Awa</i>", phone="+221 77 123 45 67")
    html = look_up(client, kind, "awa").content.decode()
    assert f'<li role="option" data-value="{party.pk}">&lt;i&gt;Awa&lt;/i&gt;<small>' in html


def test_it_takes_few_statements(client, office, kind, make, django_assert_max_num_queries):
    for _ in range(5):
        make()
    with django_assert_max_num_queries(5):
        look_up(client, kind, "er")


# -------------------------------------------------------------------------------- the field
class Form(forms.Form):
    customer = LookupField(
        label="Customer", queryset=Customer.objects.active(), url="directory:customer-lookup"
    )


class OptionalForm(forms.Form):
    customer = LookupField(
        queryset=Customer.objects.active(), url="directory:customer-lookup", required=False
    )


def chosen(form):
    return form.cleaned_data["customer"] if form.is_valid() else form.errors.as_data()


def code_of(form):
    assert not form.is_valid()
    return form.errors.as_data()["customer"][0].code


@pytest.fixture
def awa():
    return make_customer("Awa Diop", phone="+221 77 123 45 67", email="awa@example.org")


def test_the_key_is_enough(awa):
    assert chosen(Form({"customer": awa.pk})) == awa


def test_a_name_typed_without_scripts_is_enough(awa):
    make_customer("Awa Diop Ndiaye")
    assert chosen(Form({"customer": "", "customer_text": " awa DIÓP "})) == awa


def test_part_of_a_name_will_do_if_only_one_can_be_meant(awa):
    make_customer("Moussa Diop")
    assert chosen(Form({"customer": "", "customer_text": "awa"})) == awa


def test_a_namesake_is_told_apart_by_phone_or_email(awa):
    make_customer("Awa Diop", phone="+221 70 000 00 00")
    assert code_of(Form({"customer_text": "Awa Diop"})) == "ambiguous"
    assert chosen(Form({"customer_text": "Awa Diop 77 123 45 67"})) == awa
    assert chosen(Form({"customer_text": "awa@example.org"})) == awa


def test_the_key_tells_namesakes_apart(awa):
    other = make_customer("Awa Diop")
    assert chosen(Form({"customer": other.pk, "customer_text": "Awa Diop"})) == other


def test_a_text_typed_over_a_choice_without_scripts_wins(awa):
    moussa = make_customer("Moussa Fall")
    assert chosen(Form({"customer": awa.pk, "customer_text": "Moussa Fall"})) == moussa


def test_a_choice_emptied_by_hand_is_none(awa):
    data = {"customer": awa.pk, "customer_text": ""}
    assert chosen(OptionalForm(data)) is None
    assert code_of(Form(data)) == "required"


@pytest.mark.parametrize("text", ["Nobody", '"', "%"])
def test_an_unknown_name_is_refused_and_stays_in_the_field(awa, text):
    form = Form({"customer": "", "customer_text": text})
    assert code_of(form) == "unknown"
    assert f'value="{escape(text)}"' in str(form["customer"])


@pytest.mark.parametrize("key", ["0", "x", "999999999999999999999999"])
def test_a_key_of_nobody_is_refused(awa, key):
    assert code_of(Form({"customer": key})) == "invalid_choice"
    assert str(Form({"customer": key})["customer"])


def test_an_inactive_one_cannot_be_chosen():
    gone = make_customer("Gone", is_active=False)
    assert code_of(Form({"customer": gone.pk})) == "invalid_choice"
    assert code_of(Form({"customer_text": "Gone"})) == "unknown"


def test_it_shows_the_name_of_the_record_it_starts_with(awa):
    for form in (Form(initial={"customer": awa.pk}), Form({"customer": awa.pk})):
        html = str(form["customer"])
        assert 'value="Awa Diop"' in html
        assert f'type="hidden" name="customer" value="{awa.pk}"' in html


def test_it_knows_whether_the_choice_changed(awa):
    def changed(key):
        return Form({"customer": key}, initial={"customer": awa.pk}).has_changed()

    assert not changed(str(awa.pk))
    assert changed(str(make_customer().pk))


def test_a_suggested_text_is_just_text():
    class Address(forms.Form):
        place = forms.CharField(widget=SuggestInput(url="directory:customer-lookup"))

    html = str(Address({"place": "Gare <TER>"})["place"])
    assert 'name="place"' in html and "data-free-text" in html and "Gare &lt;TER&gt;" in html
    assert 'type="hidden"' not in html


def test_it_takes_the_permission_to_see_them(client, kind):
    client.force_login(make_user())
    assert look_up(client, kind, "a").status_code == 403
