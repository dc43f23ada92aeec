"""Tables of the sync. No rules here."""

from appliance.core import clock
from appliance.core.db import Base
from appliance.core.fields import Flag, Id, Integer, Json, Link, Moment, Text, Uuid
from appliance.core.i18n import texts
from appliance.core.people import Person
from appliance.core.personal.declarations import Empty, Nothing, Personal, after
from appliance.identity.models import Directory

_ = texts(__name__)
KEPT_DAYS = 90

# States of a run. ASKED: a job has to read and plan. PLANNED: waits for a word. HELD: the brake; nobody was cut off for absence.
# ADOPTING: the job joins the people who were ticked. READING: somebody reads and plans at the console. OVER: what the brake held has gone, or a newer run says it.
ASKED, READING, PLANNED, APPLYING, DONE, HELD, FAILED, UNDOING, UNDONE, DISCARDED, OVER, ADOPTING = (
    'asked', 'reading', 'planned', 'applying', 'done', 'held', 'failed', 'undoing', 'undone', 'discarded', 'over', 'adopting')
# Brakes that hold no step: what the directory did not show.
WITHOUT_STEPS = ('part', 'lost', 'blind', 'groups')
# States of a step. PROPOSED: to be ticked, until then nothing is done. DECLINED: somebody said that person and entry are two.
WAITING, APPLIED, SKIPPED, REFUSED, TAKEN_BACK, LEFT, PROPOSED, DECLINED = (
    'waiting', 'applied', 'skipped', 'refused', 'taken back', 'left', 'proposed', 'declined')


class SyncRun(Base):
    """One comparison of the portal with a directory that found something to do, and what became of it.

    `counts` is {kind of step: how many}, `brake` why nobody was cut off for absence ('' when nothing was held; see planning),
    `absent` of `known` people were not in the answer. `by` is the person who asked for it, None for the job or the console.
    """

    id = Id()
    directory = Link(Directory)
    state = Text()
    is_dry = Flag(default=False)
    creates = Flag(default=False)       # also people who are not here yet
    counts = Json(default=dict)
    brake = Text(default='')
    absent = Integer(default=0)
    known = Integer(default=0)
    failure = Text(default='')
    by = Integer(null=True)
    started_at = Moment(default=clock.now)
    planned_at = Moment(null=True)
    ended_at = Moment(null=True)

    class Meta:
        personal = Personal(
            _.lazy('Who asked for a comparison with a directory, and when'), person='by', kept=after(KEPT_DAYS, 'core.clean'), words=('failure',),
            forget=Empty({'by': None}, _.lazy('That it was done stays.')))
        table_name = 'sync_run'
        indexes = ((('directory', 'id'), False), (('state', 'id'), False))


class SyncStep(Base):
    """One thing that a run does to one person, with its reason. `before` and `after` are {field: value} of what it changes.

    `name` is who it is about, as it reads in the directory or here; `note` says why a step was not done or not taken back.
    """

    id = Id()
    run = Link(SyncRun)
    kind = Text()
    reason = Text()
    uuid = Uuid()
    person = Link(Person, null=True)
    name = Text()
    dn = Text(default='')
    before = Json(default=dict)
    after = Json(default=dict)
    is_held = Flag(default=False)
    state = Text(default=WAITING)
    note = Text(default='')

    class Meta:
        personal = Personal(
            _.lazy('What a comparison with the directory changed of a person'), person='person', kept=after(KEPT_DAYS, 'core.clean'),
            words=('name', 'dn', 'note', 'before', 'after'), forget=Empty(
                {'name': '', 'dn': '', 'before': {}, 'after': {}, 'note': ''}, _.lazy('That something was changed stays; what goes.')))
        table_name = 'sync_step'
        indexes = ((('run', 'state', 'id'), False),)


class SyncMark(Base):
    """From where a look at what changed may go on, one row a directory; without it everybody is read.

    `sign` stands for all that decides who is who here: another one makes the row worth nothing. `server` and `high`: whose database it
    was and how far it was (positions.py). `full_at`: when everybody was read; `checked_at`: when the directory's own filter was last
    found to give the same as the one with the groups named (unrolling.py), None where it does not.
    """

    id = Id()
    directory = Link(Directory, unique=True)
    sign = Text()
    server = Text()
    high = Json()
    full_at = Moment()
    checked_at = Moment(null=True)
    kept_at = Moment(default=clock.now)

    class Meta:
        personal = Nothing(_.lazy('How far a directory was looked at.'))
        table_name = 'sync_mark'
