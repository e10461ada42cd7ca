"""For every test: no address beyond this machine is reached, and slow machines are no failures."""

import ipaddress
import sys

from hypothesis import settings

# A busy machine is no defect: speed is shown by `make bench`.
settings.register_profile("chatops", deadline=None)
settings.load_profile("chatops")


def _refuse_the_world(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect" or not isinstance(args[1], tuple):
        return
    host = str(args[1][0])
    if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        raise RuntimeError(f"a test tried to reach {host}: tests stay on this machine")


sys.addaudithook(_refuse_the_world)
