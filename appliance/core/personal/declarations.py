"""What a table says of the personal data in it, in the model's own `Meta`:

    class Meta:
        personal = Personal(_.lazy('Files that a person attached'), person='person', kept=WITH_OBJECT, forget=Keep(_.lazy('...')),
                            words=('name',))

or `personal = Nothing(_.lazy('why there is nothing personal'))`. A table that says neither fails a contract test. Export and forgetting
do what stands here, so it is true. No rules here, and no import of a model: models import this.
"""

from dataclasses import dataclass, field

from appliance.core.i18n import texts

_ = texts(__name__)


@dataclass(frozen=True)
class Kept:
    """How long rows are kept: in words, or for days until a job (by name) deletes them; a contract test asks that job."""

    words: object = None
    days: int = 0
    job: str = ''

    def __str__(self):
        if self.words is not None:
            return str(self.words)
        return _.plural('%(n)s day after it was of use', '%(n)s days after it was of use', self.days)


ALWAYS = Kept(_.lazy('as long as the portal exists'))
WITH_PERSON = Kept(_.lazy('until the person is forgotten'))
WITH_OBJECT = Kept(_.lazy('as long as the object to which it belongs'))
CURRENT = Kept(_.lazy('until the next value takes its place'))


def after(days, job):
    """Kept for some days after it was of use, until that job deletes it."""
    return Kept(days=days, job=job)


@dataclass(frozen=True)
class Delete:
    """Forgetting a person deletes his rows."""

    does = 'deleted'
    why = _.lazy('It is about this person alone.')


@dataclass(frozen=True)
class Empty:
    """Forgetting a person leaves his rows, with these values ({column: value}) instead of what they held."""

    values: dict
    why: object
    does = 'anonymous'


@dataclass(frozen=True)
class Keep:
    """Forgetting a person leaves his rows: they name him by his number only, which then belongs to nobody's name."""

    why: object
    does = 'anonymous'


@dataclass(frozen=True)
class Until:
    """What the law wants kept: rows stay for the years that a setting says, counted from the date in a column, and are deleted then.

    `emptied` ({column: value}) is what need not be kept with them.
    """

    setting: str
    column: str
    why: object
    emptied: dict = field(default_factory=dict)
    does = 'kept'


@dataclass(frozen=True)
class WithParent:
    """Rows of a part: they stay and go with the row that the link named here leads to."""

    link: str
    why: object
    does = 'as_parent'


@dataclass(frozen=True)
class Follow:
    """Made from other tables, and made anew when those forget."""

    why: object = _.lazy('It is made from other tables, and made anew when those change.')
    does = 'derived'


DELETE, FOLLOW = Delete(), Follow()


def of_profile(model, person_id):
    """`person` of rows that hang on objects, for those of his profile."""
    return (model.kind == 'core.person') & (model.object_id == person_id)


def of_profile_and_by(column):
    """`person` of rows that hang on objects: those of his profile, and what he (in that column) did to other things; what he did to other people is theirs."""
    return lambda model, person_id: of_profile(model, person_id) | ((model.kind != 'core.person') & (getattr(model, column) == person_id))


@dataclass(frozen=True)
class Personal:
    """What a table holds of a person.

    person: the column of the person whom a row is about: a link or a whole number, one of a parent row (`day.person`), or a function from a
    person's id to a condition; '' where rows are about nobody, but may name somebody. words: columns (Text or Json) in which a name, mail,
    login or phone may stand that people or the portal wrote: there forgetting puts the stand-in. folded: {column: the one of words that it is, without case and accents}. hidden: columns that no export gives out.
    """

    what: object
    person: object = ''
    kept: Kept = ALWAYS
    forget: object = DELETE
    words: tuple = ()
    folded: dict = field(default_factory=dict)
    hidden: tuple = ()


@dataclass(frozen=True)
class Nothing:
    """Why there is nothing of any person in a table."""

    because: object
