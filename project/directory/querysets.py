from project.audit.models import RecordedQuerySet


class PartyQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(is_active=True)

    def inactive(self):
        return self.filter(is_active=False)
