"""The demo company: who works there. One person a role, three departments with heads, forty more people.

Tests, demo.json and the demo directory all take them from here. The rows are made up; any likeness is chance.
"""

from dataclasses import dataclass

COMPANY = 'Lumbreras Optics'
ZONE = 'Europe/Madrid'
DIRECTORY = 'company'
MAIL_DOMAIN = 'lumbreras.example'
ROLES = ('administrator', 'head', 'employee', 'outsider', 'guest')
LOCAL = ('administrator', 'guest')


@dataclass(frozen=True)
class DemoPerson:
    """A row: `head` is the login of who leads him, `role` one of ROLES or '', `source` local or directory."""

    login: str
    name: str
    title: str
    department: str
    head: str = ''
    role: str = ''
    birthday: str = ''
    language: str = ''
    zone: str = ''
    number: int = 0

    @property
    def source(self):
        return 'local' if self.login in LOCAL else 'directory'

    @property
    def kind(self):
        return 'guest' if self.role == 'guest' else 'employee'

    @property
    def mail(self):
        domain = 'partner.example' if self.kind == 'guest' else MAIL_DOMAIN
        return f'{self.login}@{domain}'

    @property
    def phone(self):
        return '' if self.kind == 'guest' else f'+34 910 555 {self.number:03d}'


@dataclass(frozen=True)
class DemoDepartment:
    """A department with the login of its head and the name of the department above it."""

    name: str
    head: str
    parent: str = ''


DEPARTMENTS = (
    DemoDepartment('Engineering', 'head'),
    DemoDepartment('Laboratory', 'olga.petrova', 'Engineering'),
    DemoDepartment('Sales', 'carmen.ruiz'),
)

_ROLE_PEOPLE = (
    ('administrator', 'Inés Navarro', 'System administrator', 'Engineering', 'administrator', '1985-03-14'),
    ('head', 'Marta Jiménez', 'Head of Engineering', 'Engineering', 'head', '1979-11-02'),
    ('employee', 'Tomás Herrera', 'Optical engineer', 'Engineering', 'employee', '1992-06-27'),
    ('outsider', 'Hugo Lindqvist', 'Account manager', 'Sales', 'outsider', '1990-01-09'),
    ('guest', 'Anneke de Vries', 'Consultant, Partner Ltd', '', 'guest', ''),
)

_OTHERS = '''
olga.petrova|Ольга Петрова|Head of the Laboratory|Laboratory|1981-05-05
carmen.ruiz|Carmen Ruiz Santamaría|Head of Sales|Sales|1976-09-21
adam.nowak|Adam Nowak|Lens designer|Engineering|1988-02-29
aisha.khan|Aisha Khan|Firmware engineer|Engineering|1994-12-24
alvaro.pena|Álvaro Peña|Mechanical engineer|Engineering|1991-11-24
amelie.durand|Amélie Durand|Buyer|Sales|1987-07-14
anders.oe|Anders Østergård|Service engineer|Engineering|1983-04-18
beatriz.sousa|Beatriz Sousa|Quality inspector|Laboratory|1995-08-30
bruno.costa|Bruno Costa|Technician|Laboratory|1989-10-11
chiara.romano|Chiara Romano|Product manager|Sales|1990-03-03
chloe.martin|Chloé Martin|Customer support|Sales|1997-01-27
daniel.okafor|Daniel Okafor|Software engineer|Engineering|1993-06-06
david.cohen|David Cohen|Patent specialist|Engineering|1974-02-12
elena.vega|Elena Vega Morales|Accountant|Sales|1986-11-25
emre.yilmaz|Emre Yılmaz|Production planner|Engineering|1984-09-09
erik.johansson|Erik Johansson|Warehouse manager|Sales|1978-12-01
fatima.zahra|فاطمة الزهراء بناني|Export manager|Sales|1992-04-22
felix.brandt|Felix Brandt|Test engineer|Laboratory|1996-05-16
gabriela.lopez|Gabriela López-Fernández de Córdoba y Montenegro|Executive assistant|Sales|1982-08-08
giulia.conti|Giulia Conti|Coating specialist|Laboratory|1991-01-31
hannah.schmidt|Hannah Schmidt|Supply chain analyst|Sales|1998-10-19
haruto.tanaka|田中 陽翔|Optical designer|Engineering|1990-07-07
ines.ferreira|Inês Ferreira|Human resources|Sales|1985-12-13
ivan.horvat|Ivan Horvat|Machinist|Laboratory|1977-03-29
jana.novakova|Jana Nováková|Technical writer|Engineering|1989-06-18
javier.molina|Javier Molina|Sales engineer|Sales|1993-09-26
jonas.weber|Jonas Weber|Electronics engineer|Engineering|1987-02-05
julia.kowalska|Julia Kowalska|Marketing|Sales|1994-04-04
karim.benali|Karim Benali|Calibration technician|Laboratory|1990-11-11
laura.gil|Laura Gil|Receptionist|Sales|1999-05-23
lucas.meyer|Lucas Meyer|Apprentice|Laboratory|2006-07-20
mateo.rojas|Mateo Rojas|Field technician|Engineering|1988-01-15
mei.chen|Mei Chen|Data analyst|Engineering|1995-03-08
nadia.haddad|Nadia Haddad|Legal counsel|Sales|1980-10-28
noah.wilson|Noah Wilson|Applications engineer|Engineering|1992-12-30
oscar.ibanez|Óscar Ibáñez|Facility manager|Sales|1973-06-02
paula.serrano|Paula Serrano|Clean room technician|Laboratory|1996-09-14
rafael.ortega|Rafael Ortega|Logistics|Sales|1984-05-27
sofia.andersson|Sofía Andersson|Industrial designer|Engineering|1991-08-17
zoe.papadopoulou|Ζωή Παπαδοπούλου|Metrology engineer|Laboratory|1989-02-20
'''


def _people():
    heads = {department.name: department.head for department in DEPARTMENTS}
    above = {department.name: heads.get(department.parent, '') for department in DEPARTMENTS}

    def head_of(login, department):
        return heads.get(department, '') if heads.get(department) != login else above.get(department, '')

    rows = [(*row[:4], row[4], row[5]) for row in _ROLE_PEOPLE]
    for line in _OTHERS.split('\n'):
        if line:
            login, name, title, department, birthday = line.split('|')
            rows.append((login, name, title, department, '', birthday))
    return tuple(DemoPerson(login, name, title, department, head_of(login, department), role, birthday, number=number)
                 for number, (login, name, title, department, role, birthday) in enumerate(rows, 101))


PEOPLE = _people()


def by_role(role):
    """The person of a role."""
    return next(person for person in PEOPLE if person.role == role)
