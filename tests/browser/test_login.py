"""The login page in a real browser: refusals in place, and the page that sends itself again while the directory is busy."""
import pytest


def fill(page, login, password):
    """Fill and send the form."""
    page.fill('#login', login)
    page.fill('#password', password)
    page.press('#password', 'Enter')


def test_refusal_keeps_the_login_and_forgets_the_password(visit):
    page = visit()
    page.goto('/login')
    fill(page, 'nobody-here', 'wrong words')
    page.get_by_role('alert').wait_for()
    assert page.input_value('#login') == 'nobody-here'
    assert page.input_value('#password') == ''
    assert page.evaluate('document.activeElement.id') == 'password'
    assert page.title().startswith('Log in')


def test_page_asked_for_comes_after_the_login(visit, portal):
    page = visit()
    page.goto('/settings/sessions')
    fill(page, 'head', portal.password)
    page.wait_for_url('**/settings/sessions')


@pytest.mark.parametrize(('busy', 'comes_in'), [(2, True), (3, False)])
def test_page_sends_itself_again_up_to_three_times(visit, portal, busy, comes_in):
    page = visit()
    page.goto('/login')
    sent = []

    def answer(route):
        sent.append(route.request.method)
        if len(sent) <= busy:
            route.fulfill(status=503, headers={'Retry-After': '0'}, content_type='text/html',
                          body='<title>Busy</title><main id="content">The portal is busy</main>')
        else:
            route.continue_()
    page.route('**/login', lambda route: answer(route) if route.request.method == 'POST' else route.continue_())
    fill(page, 'administrator', portal.password)
    if comes_in:
        page.wait_for_url(f'{portal.address}/')
    else:
        page.get_by_text('The portal is busy').wait_for()
    assert len(sent) == 3


def test_password_can_be_shown(visit):
    page = visit()
    page.goto('/login')
    page.get_by_role('button', name='Show the password').click()
    assert page.get_attribute('#password', 'type') == 'text'
