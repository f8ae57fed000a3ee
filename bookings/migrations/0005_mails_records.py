from django.db import migrations

# The acts by which rides leave their series: those that went the same way were told together.
LEAVING = ('bookings.reschedule', 'bookings.reinstate', 'bookings.discard')


def tell_which_rides(apps, schema_editor):
    """A message about a series or a round trip told of all its rides that the batch touched: those
    that have to be looked for, which is no longer done when it is written, are found once more."""
    mails = apps.get_model('notifications', 'OutgoingMail').objects
    for batch in mails.filter(batch__model='bookings.booking').order_by().values_list(
        'batch', 'batch__action'
    ).distinct().iterator():
        keep(apps, mails.filter(batch=batch[0]), *batch)


def keep(apps, mails, batch, action):
    history = apps.get_model('bookings', 'HistoricalBooking').objects.filter(batch_id=batch)
    about = set(mails.values_list('object_id', flat=True))
    if not history.exclude(id__in=about).exists():
        return  # each ride had one of its own
    logs = apps.get_model('bookings', 'BookingLog').objects.filter(batch=batch).order_by()
    lines = {line.booking_id: line for line in logs}
    rides = list(history.order_by('pickup_at', 'id'))
    for mail in mails:
        former = mail.kind == 'bookings.withdrawn'
        ties = {ride.id: tie_of(ride, lines.get(ride.id), action, former) for ride in rides}
        tie = ties.get(mail.object_id)
        if tie:
            mail.records = [key for key, other in ties.items() if other == tie]
            mail.save(update_fields=['records'])


def tie_of(ride, line, action, former):
    """What rides of one message have in common; `former` is of one to those who lost a ride."""
    changes = line.changes if line else {}
    before, now = changes.get('customer', (None, None))
    given = before is not None and before != now
    series = ride.series_id or changes.get('series', (None,))[0]
    tie = ('series', series) if series else ('trip', ride.round_trip_id)
    if not tie[1]:
        tie = ('ride', ride.id)
    way = line.action_code if line and action in LEAVING else ''
    return (*tie, before if former and given else ride.customer_id, given, way)


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0004_planned_return'),
        ('notifications', '0004_mails_records'),
    ]

    operations = [migrations.RunPython(tell_which_rides, migrations.RunPython.noop)]
