"""Make docs/screenshot.png, the README's picture, from the running demo (bin/run): an employee's day, just begun.

    .venv/bin/python docs/screenshot.py [FOLDER]      FOLDER is bin/run's --data, var/ unless named
"""
import json
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CLONE = Path(__file__).resolve().parents[1]
SIZE = {'width': 1440, 'height': 900}


def main():
    """Log in as the employee and take the picture of his day."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CLONE / 'var'
    demo = json.loads((folder / 'demo.json').read_text())
    employee = next(person for person in demo['people'] if person['role'] == 'employee')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path='/usr/bin/chromium', args=['--no-sandbox', '--disable-gpu'])
        page = browser.new_page(viewport=SIZE, locale='en')
        page.goto(demo['address'] + '/login')
        page.fill('[name=login]', employee['login'])
        page.fill('[name=password]', demo['password'])
        page.press('[name=password]', 'Enter')
        page.wait_for_url(demo['address'] + '/')
        page.keyboard.press('Escape')       # the guide of the first login
        page.screenshot(path=CLONE / 'docs' / 'screenshot.png')
        browser.close()


if __name__ == '__main__':
    main()
