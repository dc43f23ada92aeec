"""Searching people in a real browser: while typing, by filter, back again, and without scripts."""
import re

from playwright.sync_api import expect


def rows(page):
    return page.locator('.people > li')


def test_search_while_typing_and_back(visit):
    page = visit('employee')
    page.goto('/people')
    everybody = rows(page).count()
    page.evaluate('window.isSamePage = true')
    page.locator('#people-search').press_sequentially('nova novák')
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role('status').first).to_have_text('1 person')
    expect(page.locator('#people-search')).to_be_focused()
    expect(page).to_have_url(re.compile(r'/people\?q=nova'))
    assert page.evaluate('window.isSamePage')
    rows(page).locator('a').first.click()
    expect(page.get_by_role('heading', level=1)).to_have_text('Jana Nováková')
    page.go_back()
    expect(page.locator('#people-search')).to_have_value('nova novák')
    expect(rows(page)).to_have_count(1)
    page.go_back()
    expect(rows(page)).to_have_count(everybody)


def test_filter_of_departments(visit):
    page = visit('employee')
    page.goto('/people')
    page.select_option('#people-department', label='Sales')
    expect(rows(page).filter(has_text='Engineering')).to_have_count(0)
    expect(page).to_have_url(re.compile(r'department=\d'))


def test_structure_opens_by_keyboard(visit):
    page = visit('employee')
    page.goto('/people/structure?as=list')
    asked = []
    page.on('request', lambda request: asked.append(request.url) if '/people/' in request.url else None)
    opened = page.locator('details').first
    opened.locator('summary').focus()
    page.keyboard.press('Enter')
    expect(opened.get_by_role('link', name='Marta Jiménez')).to_be_visible()
    for _time in range(2):      # closed and opened again: they are here already
        page.keyboard.press('Enter')
    expect(opened.get_by_role('link', name='Marta Jiménez')).to_be_visible()
    assert len(asked) == 1 and page.complaints == []


def test_structure_without_scripts_leads_to_the_list(visit):
    page = visit('employee', java_script_enabled=False)
    page.goto('/people/structure?as=list')
    opened = page.locator('details').first
    opened.locator('summary').click()
    opened.get_by_role('link').first.click()
    expect(page.get_by_role('link', name='Marta Jiménez')).to_be_visible()
