"""Addresses: /setup/<token> and /rescue/<token> (one-time links), /admin/setup (company and mail), /ca.crt."""

from flask import Blueprint, current_app, g, redirect, render_template, request, send_file, url_for

from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.settings import get_settings, set_settings
from appliance.identity import accounts, one_time_links
from appliance.web.asked import number
from appliance.web.flashes import say
from appliance.web.forms import read_form
from appliance.web.login.routes import let_in
from appliance.web.rights import permitted, public
from appliance.web.setup.forms import CompanyForm, FirstForm, MailForm, TestMailForm, UseForm
from appliance.web.setup.test_mail import send_test_mail, state_of_test_mail

_ = texts(__name__)
blueprint = Blueprint('setup', __name__)
WHY_LINK = 'its holder proves himself by the token of the link'


@blueprint.route('/setup/<token>', methods=['GET', 'POST'])
@public(WHY_LINK)
def ask(token):
    """The first administrator and the company. GET spends nothing."""
    one_time_links.find_link(one_time_links.SETUP, token)
    form = read_form(FirstForm, **_known('company'))
    if form.is_posted and form.validate():
        try:
            session_token, _person_id = accounts.set_up(
                token, form.login.data, form.name.data, form.mail.data or '', form.password.data, form.settings(),
                request.remote_addr or '', request.user_agent.string)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            return let_in(session_token, url_for('setup.company'))
    return render_template('setup/first.html', form=form), form.status


@blueprint.route('/rescue/<token>', methods=['GET', 'POST'])
@public(WHY_LINK)
def ask_rescue(token):
    """A button; only its POST uses the link, so that a preview or a scanner of mails does not."""
    one_time_links.find_link(one_time_links.RESCUE, token)
    form = read_form(UseForm)
    if form.is_posted:
        session_token, _person_id = accounts.rescue(token, request.remote_addr or '', request.user_agent.string)
        return let_in(session_token, url_for('home.index'))
    return render_template('setup/rescue.html')


@blueprint.route('/admin/setup', methods=['GET', 'POST'])
@permitted('core.settings.manage', 'core.mail.manage')
def company():
    """The company's name, language and zone."""
    form = read_form(CompanyForm, **_known('company'))
    if form.is_posted and _keep(form):
        say(_('Saved.'))
        return redirect(url_for('setup.company'), 303)
    return _page(company=form)


@blueprint.post('/admin/setup/mail')
@permitted('core.mail.manage')
def mail():
    """The mail server."""
    form = read_form(MailForm)
    if _keep(form):
        say(_('Saved. Now send a test mail.'))
        return redirect(url_for('setup.company', _anchor='mail'), 303)
    return _page(mail=form)


@blueprint.post('/admin/setup/test-mail')
@permitted('core.mail.manage')
def test_mail():
    """Send a test mail; the page then watches how it fares."""
    form = read_form(TestMailForm)
    if form.validate():
        try:
            mail_id = send_test_mail(g.actor, form.recipient.data, request_key=form.request_key.data or None)
        except Invalid as error:
            form.recipient.errors = [str(error.message)]
        else:
            return redirect(url_for('setup.company', test=mail_id, _anchor='test'), 303)
    return _page(test=form)


@blueprint.get('/admin/setup/test-mail/<int:mail_id>')
@permitted('core.mail.manage')
def test_mail_state(mail_id):
    """The fragment that says how the test mail fares; it asks again until that is settled."""
    return render_template('setup/test_mail.html', mail=state_of_test_mail(g.actor, mail_id))


@blueprint.get('/ca.crt')
@public('browsers need it before they can trust the login page; it holds no secret')
def authority():
    """The certificate of the box's own authority, where it has one."""
    path = current_app.portal.data.folder / 'ca.crt'
    if not path.is_file():
        raise NotFound(_('This portal has no certificate authority of its own.'))
    return send_file(path, mimetype='application/x-x509-ca-cert', as_attachment=True, download_name='appliance-ca.crt', max_age=0)


def _known(prefix):
    return {f'{prefix}_{name}': value for name, value in get_settings(prefix).items()}


def _keep(form):
    """Whether the form was right and its settings are kept; what a setting refuses is shown at its field."""
    if not form.validate():
        return False
    try:
        set_settings(g.actor, form.settings(), request_key=form.request_key.data or None)
    except Invalid as error:
        error.field = (error.field or '').replace('.', '_')
        form.refuse(error)
        return False
    return True


def _page(**posted):
    """The page of both forms: what was posted as it came, the others as they are kept."""
    mail_settings = get_settings('mail')
    forms = {'company': CompanyForm(data=_known('company')), 'mail': MailForm(data={f'mail_{k}': v for k, v in mail_settings.items()}),
             'test': TestMailForm(data={'recipient': ''}), **posted}
    watched = number('test')
    status = max(form.status for form in posted.values())
    return render_template('setup/company.html', **forms, has_password=mail_settings['has_password'], has_mail=bool(mail_settings['host']),
                           watched=state_of_test_mail(g.actor, watched) if watched is not None else None), status
