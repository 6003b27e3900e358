"""The network of the samples: client -- router -- server, in addresses reserved for documentation.

    client 192.0.2.10     --5 ms--  192.0.2.1    router  198.51.100.1    --1 ms--  198.51.100.20   server
           2001:db8:1::10           2001:db8:1::1        2001:db8:2::1             2001:db8:2::20

Both ends answer with TTL 64; the router takes one off. Neighbours are entered by hand, so that no ARP is needed.
"""

from .namespace import Namespace
from .wire import Wire, tap

CLIENT = "192.0.2.10"
SERVER = "198.51.100.20"
CLIENT6 = "2001:db8:1::10"
SERVER6 = "2001:db8:2::20"
DELAY_CLIENT_SIDE = 0.005
DELAY_SERVER_SIDE = 0.001

# Ethernet addresses reserved for documentation: RFC 7042, section 2.1.2.
_MAC = {"client": "00:00:5e:00:53:0a", "lan": "00:00:5e:00:53:01",
        "wan": "00:00:5e:00:53:02", "server": "00:00:5e:00:53:14"}


class Network:
    """The three hosts, their wires, and a fourth host that only listens at a mirror port."""

    def __init__(self):
        self.client = Namespace("client")
        self.router = Namespace("router")
        self.server = Namespace("server")
        self.monitor = Namespace("monitor")
        for host in (self.client, self.router, self.server, self.monitor):
            host.sysctl("net.ipv6.conf.default.addr_gen_mode", 1)
            host.sysctl("net.ipv6.conf.default.accept_ra", 0)
        self.router.sysctl("net.ipv4.ip_forward", 1)
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.client_wire = Wire(tap(self.client, "eth0"), tap(self.router, "lan"), DELAY_CLIENT_SIDE)
        self.server_wire = Wire(tap(self.router, "wan"), tap(self.server, "eth0"), DELAY_SERVER_SIDE)
        self._mirror = None
        self._up(self.client, "eth0", "client", f"{CLIENT}/24", f"{CLIENT6}/64")
        self._up(self.router, "lan", "lan", "192.0.2.1/24", "2001:db8:1::1/64")
        self._up(self.router, "wan", "wan", "198.51.100.1/24", "2001:db8:2::1/64")
        self._up(self.server, "eth0", "server", f"{SERVER}/24", f"{SERVER6}/64")
        self._neighbours(self.client, "eth0", "lan", "192.0.2.1", "2001:db8:1::1")
        self._neighbours(self.router, "lan", "client", CLIENT, CLIENT6)
        self._neighbours(self.router, "wan", "server", SERVER, SERVER6)
        self._neighbours(self.server, "eth0", "wan", "198.51.100.1", "2001:db8:2::1")
        self._gateway(self.client, "192.0.2.1", "2001:db8:1::1")
        self._gateway(self.server, "198.51.100.1", "2001:db8:2::1")

    def mirror_port(self, client_side=(), server_side=()):
        """Copies the named wires, with these VLAN tags, to the interface `span` of the monitor."""
        fd = tap(self.monitor, "span")
        self.monitor.run("ip", "link", "set", "span", "up", "mtu", "9000")
        if client_side:
            self.client_wire.mirror(fd, client_side)
        if server_side:
            self.server_wire.mirror(fd, server_side)

    def filter(self, rules):
        """Gives the router's packet filter these nftables rules, in the chain of forwarded packets."""
        self.router.run("nft", "-f", "-", text=(
            "table inet filter {\n chain forward {\n  type filter hook forward priority 0; policy accept;\n"
            + "".join(f"  {rule}\n" for rule in rules) + " }\n}\n"))

    @staticmethod
    def _up(host, interface, mac, *addresses):
        host.run("ip", "link", "set", interface, "address", _MAC[mac], "up")
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            host.run("ip", "address", "add", address, "dev", interface, *nodad)

    @staticmethod
    def _neighbours(host, interface, mac, *addresses):
        for address in addresses:
            host.run("ip", "neighbour", "replace", address, "lladdr", _MAC[mac], "dev", interface)

    @staticmethod
    def _gateway(host, *gateways):
        for gateway in gateways:
            host.run("ip", "route", "add", "default", "via", gateway)
