"""How people are found: by name, title, department, mail, phone, the company’s own fields and tags; what not everybody who sees them may see is left out."""

from appliance.core import search
from appliance.core.custom_fields import values
from appliance.core.db import rows
from appliance.core.i18n import texts
from appliance.core.search import Document

_ = texts(__name__)


def _documents(ids):
    more, asked_about = values.searched('core.person', ids), _tags(ids)
    return {person_id: Document(name, f'{mail} {phone} {more.get(person_id, "")} {asked_about.get(person_id, "")}', ' · '.join(filter(None, (title, department))))
            for person_id, name, title, department, mail, phone
            in rows(f'''SELECT p.id, p.name, p.title, d.name, p.mail, p.phone FROM person p LEFT JOIN department d ON d.id = p.department_id
                        WHERE p.id IN ({', '.join('?' * len(ids))})''', *ids)}


def _tags(ids):
    from appliance.core import tags     # cycle: they link to people, who are found by this
    return tags.searched('core.person', ids)


search.documents('core.person', _documents, url='/people/{id}', icon='user', title=_.lazy('People'))
