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
    page.goto('/people/structure')
    summary = page.locator('summary').first
    summary.focus()
    page.keyboard.press('Enter')
    expect(page.get_by_role('link', name='Marta Jiménez').first).to_be_visible()
