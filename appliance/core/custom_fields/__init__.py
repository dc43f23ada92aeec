"""Fields of the company's own, on objects of the kinds that take them: which there are, what they hold of whom, and who may do what.

    declarations.takes('core.person', title=_.lazy('People'), manages=..., changed=...)     # beside refs.own, with the verb `fill`
    values.shown('core.person', person_id, is_owner)        # for the owner's page, which knows what its actor may
    values.fill(actor, 'core.person', person_id, {'UF_SHOE_SIZE': 43})

A value is a row with one column a type. What an administrator defines is in defining.py, what a type takes in types.py.
"""
