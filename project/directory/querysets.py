from project.audit.models import RecordedQuerySet
from project.search.index import matching
from project.search.text import folded

LONGEST_SORT_NAME = 250  # folding a letter may make several


def sort_name_of(name):
    """A name without case and accents: what lists are sorted by, and what tells namesakes."""
    return folded(name.replace("\0", ""))[:LONGEST_SORT_NAME]


class OfferedQuerySet(RecordedQuerySet):
    """Records that are offered while they are active: parties, trucks, containers, tariffs…"""

    def active(self):
        return self.filter(is_active=True)

    def inactive(self):
        return self.filter(is_active=False)

    def search(self, text):
        """Those whose searched texts (a name, contacts, marks) hold every word of `text`."""
        return matching(self, text).queryset

    def named(self, name):
        """Those with this name, whatever its case."""
        return self.filter(**{f"{self.model.named_by}__iexact": name.strip()})

    def called(self, text):
        """Those with this name; if there are none, those that `text` finds."""
        named = self.named(text)
        return named if named.exists() else self.search(text)


class PartyQuerySet(OfferedQuerySet):
    def named(self, name):
        """Those with this name, whatever its case and accents."""
        return self.filter(sort_name=sort_name_of(name))
