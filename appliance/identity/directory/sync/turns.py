"""What only one can have at a time (a login, a department's name in its place) and what changes hands: in which order it can be given."""


def in_turn(wanted, holders):
    """([key, ...] in an order in which what each one wants is free by his turn, {of each ring the one who must give his up first}).

    wanted: {key: what}, nothing twice; holders: {what: key of who has it}. Who waits for somebody who keeps what he has is left out.
    """
    ordered, first, settled = [], set(), {}
    for key in wanted:
        chain, one = {}, key      # as an ordered set
        while one in wanted and one not in settled and one not in chain:
            chain[one] = True
            one = holders.get(wanted[one])      # None: nobody has it
        is_ring = bool(chain) and one == key
        settled.update(dict.fromkeys(chain, is_ring or settled.get(one, one is None)))
        ordered += [each for each in reversed(chain) if settled[each]]
        first |= {key} if is_ring else set()
    return ordered, first
