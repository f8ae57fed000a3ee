from project.audit.models import RecordedQuerySet
from project.search.index import matching
from project.search.text import folded


class PartyQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(is_active=True)

    def inactive(self):
        return self.filter(is_active=False)

    def search(self, text):
        """Those whose name or contacts hold every word of `text`."""
        return matching(self, text).queryset

    def named(self, name):
        """Those with this name, whatever its case and accents."""
        wanted = folded(name)
        candidates = self.search(name).filter(search_text__startswith=wanted)
        keys = [
            pk
            for pk, other in candidates.order_by().values_list("pk", "name")
            if folded(other) == wanted
        ]
        return self.filter(pk__in=keys)

    def called(self, text):
        """Those with this name; if there are none, those that `text` finds."""
        named = self.named(text)
        return named if named.exists() else self.search(text)
