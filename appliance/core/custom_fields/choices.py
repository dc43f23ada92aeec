"""What may be chosen in a field of a list. A choice keeps its number when it is called otherwise, so that what was chosen stays."""

from appliance.core.custom_fields.models import CustomChoice
from appliance.core.db import row
from appliance.core.errors import Conflict, Invalid
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import FIELD_CHOICES, FIELD_TITLE_LENGTH
from appliance.core.person_fields import one_space

_ = texts(__name__)


def checked_choices(choices):
    """[(id or None, title)] cleaned, without those that are empty; Invalid for none, too many, or two that read the same."""
    found = [(number, one_space(title, 'choices')) for number, title in choices]
    found = [(number, title) for number, title in found if title]
    if not found:
        raise Invalid(_('A list needs something to choose.'), field='choices')
    if len(found) > FIELD_CHOICES:
        raise Invalid(_('At most %(most)s choices.', most=FIELD_CHOICES), field='choices')
    met = set()
    for _number, title in found:
        if len(title) > FIELD_TITLE_LENGTH:
            raise Invalid(_('At most %(most)s characters.', most=FIELD_TITLE_LENGTH), field='choices')
        if fold(title) in met:
            raise Invalid(_('%(title)s stands there twice.', title=title), field='choices')
        met.add(fold(title))
    return found


def keep_choices(field_id, held, wanted):
    """Write the choices that are wanted instead of those that are held ([(id, title)]); whether anything differed.

    Conflict where one is left out that somebody chose; Invalid for a number that is no choice of this field.
    """
    known, kept = dict(held), {number for number, _title in wanted if number is not None}
    if not kept <= {*known}:
        raise Invalid(_('There is no such choice.'), field='choices')
    if [*held] == wanted:
        return False
    for number in {*known} - kept:
        _drop(number, known[number])
    for position, (number, title) in enumerate(wanted, 1):
        if number is None:
            CustomChoice.create(field=field_id, title=title, position=position)
        else:
            CustomChoice.update(title=title, position=position).where(CustomChoice.id == number).execute()
    return True


def _drop(number, title):
    count = row('SELECT count(*) FROM custom_value WHERE choice_id = ?', number)[0]
    if count:
        raise Conflict(_.plural('%(title)s cannot go: it is chosen %(n)s time.', '%(title)s cannot go: it is chosen %(n)s times.', count, title=title),
                       field='choices')
    CustomChoice.delete().where(CustomChoice.id == number).execute()
