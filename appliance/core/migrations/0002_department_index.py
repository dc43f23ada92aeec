"""The people of a department in the order of their names: the day looks for the nearest colleagues there.

The index by department alone goes: SQLite would take it, and sort the department.
"""


def up(migrator, db):
    migrator.migrate(migrator.add_index('person', ('department_id', 'sort_name', 'id')), migrator.drop_index('person', 'person_department_id'))
