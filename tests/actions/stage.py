"""The table of examples of actions, and the company that they are prepared in.

    @example('core.people.block')
    def block(at):
        person_id = at.person()                                         # prepared, before the call
        return lambda: people.block(SYSTEM, person_id, 'local')         # the call that is killed between any two of its statements
"""
import itertools
import sys
import uuid
from datetime import timedelta

import time_machine

from appliance.core import clock, comments, db, events, insight, outbox, people, storage
from appliance.core.actor import SYSTEM
from appliance.core.backup.events import BackupFailed
from appliance.core.subscriptions import rules as subscriptions
from appliance.core.tool import registry

EXAMPLES = {}
# {action: why there is none}.
OMITTED = {
    'demo.load._load': 'fills an empty portal that is thrown away when it fails: bin/run makes it in a folder called unfinished',
    'demo.portraits._give': 'part of the demo company; it is what tools.people.editing.set_photo does',
    'tools.worktime.demo.load': 'part of the demo company',
}
HASH = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g'
WHY = 'The wage office asks for the times of March.'


def example(name, changes=True):
    """Register the example of an action by its module and name, without `appliance`. `changes`: whether it changes anything."""
    def register(function):
        assert name not in EXAMPLES, name
        EXAMPLES[name] = function, changes
        return function
    return register


class Stage:
    """The demo company with the planted tool, and what examples are made of."""

    def __init__(self, ids):
        self.ids, self._numbers = ids, itertools.count()
        self.admin = people.actor_for(ids['administrator'], 'session:1')
        self.ana = people.actor_for(ids['employee'], 'session:2')

    def actor(self, login):
        return people.actor_for(self.ids[login], f'test:{login}')

    def name(self, login):
        """The name of a person, as it is typed after an @."""
        return people.Person.get_by_id(self.ids[login]).name

    def word(self):
        """Another word each time."""
        return f'word{next(self._numbers)}x'

    def person(self, **fields):
        """The id of somebody new."""
        login = self.word()
        return people.add_person(SYSTEM, login, login.title(), f'{login}@firma.example', **fields)

    def somebody(self):
        """(id, Actor) of somebody new."""
        person_id = self.person()
        return person_id, people.actor_for(person_id, 'session:3')

    @staticmethod
    def part(tool, name):
        """A part of a tool that is on, as the registry gives it."""
        return next(module for one, module in registry.load(name) if one.name == tool)

    def note(self):
        """The id of a note of ana's of the planted tool."""
        return self.part('planted', 'rules').add_note(self.ana, self.word())

    def comment(self):
        """The id of a comment of ana's on a note of hers."""
        return comments.add_comment(self.ana, 'planted.note', self.note(), f'{self.word()} @Álvaro')['id']

    @staticmethod
    def mail(state):
        """The id of a mail in this state."""
        with db.write('test'):
            key = f'test:{uuid.uuid4()}'
            outbox.send_mail('mail/test', {}, key=key, person_id=1)
            outbox.Outbox.update(state=state).where(outbox.Outbox.key == key).execute()
        return outbox.Outbox.get(outbox.Outbox.key == key).id

    @staticmethod
    def event():
        """The id of an event with a listener."""
        with db.write('test'):
            events.publish(BackupFailed(0, 'create', 'x', None))
        return db.row('SELECT max(id) FROM event')[0]

    def subscription(self):
        """(id, Actor) of a subscription of somebody new to whatever happens to people."""
        _person_id, actor = self.somebody()
        return subscriptions.subscribe(actor, 'ONUSERADD', 'https://example.com/hook')[0], actor

    def asked(self):
        """The id of an insight that waits for a decision, asked for by a second administrator."""
        with time_machine.travel(clock.now() - timedelta(days=30)):
            asker = self.person()
            people.give_role(SYSTEM, asker, 'administrator')
        return insight.ask(people.actor_for(asker, 'session:4'), self.person(), 'worktime.day', WHY)

    def worktime(self):
        return self.part('worktime', 'rules')

    @staticmethod
    def deleting():
        """The module of the planted tool that is no part of its own."""
        registry.load('refs')
        return sys.modules['appliance.tools.planted.deleting']


def stored(content):
    """The hash of a file that storage keeps."""
    return storage.keep_bytes(content.encode()).hash
