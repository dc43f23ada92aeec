"""/settings/tokens: the tokens by which programs act as this person; made, shown once, revoked."""

from flask import current_app, g, redirect, render_template, url_for
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from appliance.core import rest
from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH
from appliance.identity import tokens as rules
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.settings.forms import EndForm
from appliance.web.settings.routes import blueprint

_ = texts(__name__)
LIVES = {'365': _.lazy('A year'), '90': _.lazy('90 days'), '30': _.lazy('30 days'), '': _.lazy('Until it is revoked')}


def scope_choices():
    """The scopes that there are now."""
    return [SelectChoice(name, str(title)) for name, title in rest.scopes().items()]


def lives_choices():
    """How long a token lives."""
    return [SelectChoice(days, str(words)) for days, words in LIVES.items()]


class TokenForm(Form):
    """A new token."""

    name = StringField(_.lazy('Name'), [Length(max=NAME_LENGTH)])
    scopes = SelectMultipleField(_.lazy('Scopes'), choices=scope_choices)
    lives = SelectField(_.lazy('For how long'), choices=lives_choices)

    def values(self):
        """The arguments of the rule."""
        return {'name': self.name.data or '', 'scopes': self.scopes.data or [], 'lives_days': int(self.lives.data) if self.lives.data else None}


@blueprint.route('/tokens', methods=['GET', 'POST'])
@allowed(*EVERYBODY)
def tokens():
    """His own, and those of the services that he answers for; a new one is shown by the answer to its form, and never again."""
    form = read_form(TokenForm, lives='365')
    if form.is_posted and form.validate():
        try:
            token, _row_id = rules.make_token(g.actor, **form.values())
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            return made_page(token, g.actor.person_id, g.session.person_name, form.name.data, url_for('settings.tokens'))
    return render_template('settings/tokens.html', form=form, tokens=titled(rules.tokens_of(g.actor))), form.status


def titled(found):
    """Tokens with the titles of their scopes; a scope whose tool is off goes by its name."""
    known = rest.scopes()
    return [{**one, 'titles': [str(known.get(scope, scope)) for scope in one['scopes']]} for one in found]


def made_page(token, person_id, person_name, name, back, is_administration=False):
    """The page that shows a new token."""
    address = f'{current_app.portal.server.public_address}/rest/{person_id}/{token}/'
    return render_template('settings/token_made.html', token=token, address=address, person_name=person_name, name=name, back=back,
                           is_administration=is_administration)


@blueprint.post('/tokens/<int:token_id>/revocation')
@allowed(*EVERYBODY)
def revoke_token(token_id):
    """Make one worthless."""
    form = read_form(EndForm)
    rules.revoke_token(g.actor, token_id, request_key=form.request_key.data or None)
    say(_('The address is revoked. Whoever uses it is refused from now on.'))
    return redirect(url_for('settings.tokens'), 303)
