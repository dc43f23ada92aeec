"""/rest-docs: what programs can call and are told of, for whoever writes one; /rest-docs/openapi.json: the same for programs."""

from flask import Blueprint, current_app, g, render_template

from appliance.core.rest import reference
from appliance.identity import tokens
from appliance.web.rest.answers import json
from appliance.web.rights import EVERYBODY, allowed

blueprint = Blueprint('rest_docs', __name__, url_prefix='/rest-docs')
# A call of each method that wants something, to be copied.
EXAMPLES = {'user.get': 'user.get?filter[ACTIVE]=Y&order[NAME]=ASC', 'user.search': 'user.search?filter[FIND]=ana',
            'department.get': 'department.get?sort=NAME', 'method.get': 'method.get?name=user.get',
            'im.notify.personal.add': 'im.notify.personal.add?USER_ID=1&MESSAGE=Order+7+is+paid&TAG=order-7', 'feature.get': 'feature.get?code=rest_offline_extended',
            'batch': 'batch?cmd[me]=user.current&cmd[mine]=department.get?ID=$result[me][UF_DEPARTMENT][0]',
            'event.bind': 'event.bind?event=ONUSERADD&handler=https://erp.company.example/portal', 'event.unbind': 'event.unbind?event=ONUSERADD',
            'comment.list': 'comment.list?OWNER=worktime.day:7', 'comment.add': 'comment.add?OWNER=worktime.day:7&TEXT=Seen',
            'comment.update': 'comment.update?ID=7&TEXT=Seen+and+noted', 'comment.delete': 'comment.delete?ID=7',
            'like.list': 'like.list?OWNER=worktime.day:7', 'like.add': 'like.add?OWNER=worktime.day:7', 'like.delete': 'like.delete?OWNER=worktime.day:7',
            'tag.list': 'tag.list?OWNER=core.person:7', 'tag.add': 'tag.add?OWNER=core.person:7&TEXT=Welding', 'tag.find': 'tag.find?TEXT=Welding',
            'tag.delete': 'tag.delete?OWNER=core.person:7&ID=7'}


@blueprint.get('')
@allowed(*EVERYBODY)
def index():
    """The methods that his kind of person may call, by scope; which scopes his own tokens have."""
    address = f'{current_app.portal.server.public_address}/rest/{g.actor.person_id}/TOKEN/'
    covered = {scope for one in tokens.tokens_of(g.actor) if one['state'] == 'alive' and one['person_id'] == g.actor.person_id for scope in one['scopes']}
    return render_template('rest/docs.html', scopes=reference.for_actor(g.actor), parameters=reference.parameters, address=address, covered=covered,
                           examples=EXAMPLES)


@blueprint.get('/openapi.json')
@allowed(*EVERYBODY)
def openapi():
    """OpenAPI 3.1."""
    return json(reference.openapi(g.actor, current_app.portal.server.public_address))
