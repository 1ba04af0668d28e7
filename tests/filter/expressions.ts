/**
 * Expressions of every kind that the language has. tcpdump must select the same frames for each of
 * them; those for which it does not are in differences.ts.
 */
export const expressions: readonly string[] = `
ip
ip6
arp
rarp
tcp
udp
sctp
icmp
icmp6
igmp
igrp
pim
vrrp
carp
ah
esp
atalk
aarp
decnet
lat
sca
moprc
mopdl
iso
clnp
esis
isis
is-is
l1
l2
iih
lsp
snp
csnp
psnp
stp
ipx
netbeui
host 10.0.0.1
src host 192.168.1.1
dst 192.168.1.1
src and dst host 10.0.0.1
net 10.1
net 10
net 192.168.0.0/16
net 192.168.0.0 mask 255.255.0.0
net 0.0.0.0/0
src net 10.0.0.0/8
ip host 10.0.0.1
arp host 10.0.0.1
rarp host 10.0.0.1
host ::1
host fe80::1
net fe80::/10
src net 2001:db8::/32
ip6 net ff00::/8
net ::/0
ether host 00:00:0c:9f:f0:01
ether src 00:01:02:03:04:05
ether dst ff:ff:ff:ff:ff:ff
ether dst 0180.c200.0000
ether dst 0180c2000000
broadcast
multicast
ether multicast
ip broadcast
ip6 multicast
port 80
tcp port 80
udp port 53
src port 53
dst port 179
src or dst port 179
sctp port 5060
portrange 1-1024
udp src portrange 1024-65535
src and dst portrange 1024-2048
tcp port 80 or 443
port http
port domain
port ftp-data
udp port domain
portrange ftp-telnet
portrange 53-21
less 64
greater 1000
len > 100
len = 60
ether proto 0x800
ether proto \\ip
ether proto \\stp
ether proto 0x42
ether proto 6
ether proto loopback
ether proto 0x8137
ip proto 6
ip proto \\tcp
ip proto \\icmp
ip6 proto 58
ip6 proto \\udp
proto 17
proto ospf
iso proto \\isis
iso proto 0x82
isis proto 18
ip protochain 6
ip6 protochain 6
ip6 protochain 58
protochain 17
protochain 44
ip6 protochain 0
vlan
vlan 5
vlan and ip
vlan and vlan
vlan 5 and arp or ip
not vlan
mpls
mpls 1000
mpls and mpls
mpls and ip
mpls and ip6
mpls and tcp port 80 or 646
mpls and mpls and ip and host 10.0.0.1
pppoed
pppoes
pppoes and ip
pppoes 1
pppoes and ip6
pppoes and iso
pppoes and mpls
geneve
geneve and ip
geneve 10 and ip
geneve and arp
geneve and ether host 02:00:00:00:00:01
geneve and udp port 80
geneve and vlan
geneve and broadcast
geneve and icmp
geneve and ip6 and udp
geneve and tcp[0] = 0
geneve and len > 100
vlan and geneve and ip
mpls and geneve and ip
geneve and pppoes
llc
llc i
llc s
llc u
llc rr
llc rnr
llc rej
llc UI
llc ua
llc disc
llc dm
llc sabme
llc test
llc xid
llc frmr
decnet host 10.123
decnet src 1.1
decnet dst 1.1
decnet host 5
tcp[13] & 2 != 0
tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn
tcp[tcpflags] == tcp-ack
icmp[icmptype] = icmp-echo
icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply
icmp6[icmp6type] = icmp6-echo
icmp6[icmp6type] == icmp6-neighborsolicit
ip[0] & 0xf != 5
ip[6:2] & 0x1fff = 0
ip[2:2] > 576
ether[0] & 1 = 0 and ip[16] >= 224
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)
udp[4:2] > 100
ip[ip[0] & 0xf] = 1
ip6[6] = 58
arp[6:2] = 1
ether[12:2] = 0x0806
ip[-1] = 0
ip[1:4] % 3 = 1
ip[1] ^ 3 = 1
ip[12:4] * 3 > ip[16:4]
ip[12:4] / ip[9] > 1000
-ip[9] = 0xfffffffa
len - 14 = ip[2:2]
ip[9] << 2 = 24
ip[9] << ip[8] = 0
ip[8] >> 1 = 32
5 > 3
1 = 2
1 + ip[0] = 70
ip[0] + tcp[0] = 70
not ip[0] = 0x45
ip[0] != 0x45
ip[0] < 0x45
ip[0] <= 0x45
ip[0] >= 0x46
icmp[0] = 8
igmp[0] > 1
pim[0] & 15 = 0
vrrp[0] = 0x21
sctp[0:2] > 5
atalk[0] > 100
byte 0 = 1
byte 12 > 7
byte 13 < 9
not tcp and not udp
tcp or udp and ip6
ip and (tcp or udp)
host 10.0.0.1 or 10.0.0.2
host 10.0.0.1 and not port 80
(tcp and port 80) or (udp and port 53)
not host 10.0.0.1 and 10.0.0.2
port 80 and (udp port 53 or 443)
net 10 or 192.168
! ip
!(ip && tcp)
ip || arp
tcp port (80 or 443)
ip6 protochain 51
ip protochain 51
port snmp
ip[tcp[0]] = 1
vlan and vlan and vlan
host 10.1
ether host 01:80:c2:00:00:00 or ether host 01:00:5e:00:00:12
ip multicast and ip[16] < 240
ether host 02:00:00:00:00:01
ether src 02:00:00:00:00:02 and ip
host 10.0.0.2 or vlan 100 and host 10.0.0.1
vlan 100 or vlan 200
vlan 5 and vlan 100
not (vlan and ip)
mpls 16 and mpls 1000
mpls 100000 and host 10.0.0.1
mpls and port 80
mpls and ip6 host fe80::1
pppoes 0x27 and host 10.0.0.1
pppoes and udp
pppoes and mpls and ip
pppoes and stp
pppoes and atalk
pppoes and decnet
pppoes and ipx
vlan and pppoes and ip6
vlan and mpls and ip
geneve and vlan and ip
geneve and udp dst port 6081
geneve and ether dst ff:ff:ff:ff:ff:ff
geneve and ether[0] & 1 = 1
geneve and mpls
geneve and ip[0] & 15 > 5
geneve and llc
not geneve
geneve and (tcp or udp)
tcp[0:2] = 80
udp[8] = 8
ip6 protochain 43
ip6 protochain 59
ip6 protochain 60
ip6 protochain 17 and udp
not ip protochain 6
ip proto 51
ether proto 0xfefe
ether proto \\ipx
ether proto \\iso and not isis
ether proto \\netbeui
ether proto 0xaa
ether proto \\aarp
ether proto \\atalk
isis proto 27
decnet src host 1.1
decnet dst 10.123
decnet src and dst host 0.5
atalk[0] > 1
decnet[2] & 7 = 6
aarp or atalk
ipx and ether[14:2] = 0xffff
arp[6:2] = 2 and src host 10.0.0.2
rarp host 192.168.1.1
arp net 10.0.0.0/8
src 10.0.0.1 or dst 10.0.0.2
src net 10 and dst net 192.168.1
host 10.0.0.1 and not (port 80 or port 443)
tcp portrange 20-80 and not port 22
port 80 and not tcp
src port 20 or dst port 443 and udp
sctp[12] > 100
icmp6[0] = 135
icmp6[icmp6code] > 0
ip6[40] = 6
tcp[13] & (tcp-syn|tcp-fin) != 0
len > 60 and len < 100
len & 1 = 1
1 < 2 and ip
5 = 5 or arp
ip[8] % 2 ^ 1 = 1
ip[2:2] * ip[8] + 3 >= 1000 - ip[9]
ip[8] - 300 > 4000000000
- - ip[9] = 17
(ip[9]) = 17
((ip[9] + 1) * 2) = 36
ip[(ip[0] & 0xf) << 2:2] = 80
ether[len - 1] = 0
ether[4294967295] = 0
ip6[ip6[6]] > 3
host 10.0.0.1 || 10.0.0.2 && 192.168.1.1
port not 80
host not 10.0.0.1
net (10 or 192.168)
(port 53) or (port 80 and (tcp))
tcp and (port 80 or 443 or 22)
not not tcp
! tcp && ! udp
less 60 or greater 200
byte 14 = 0x45 and byte 23 > 6
vrrp or pim or igmp or esp
llc and not stp
l1 and not lsp
ether broadcast and not arp
ip host 255.255.255.255
net 0.0.0.0 mask 255.255.255.255
net 224.0.0.0/4
src or dst port 4789
dst or src host 10.1.0.1
ip6 net 2001:db8::/47
net 2001:db8:0:1::/64
ip6 src host fe80::1 and dst host ff02::1
not host ::ffff:10.0.0.1
proto \\sctp
ip6 proto \\ipv6-frag or ip6 proto \\ipv6-route
proto gre or proto 89
port \\http
tcp port ssh or telnet or smtp
udp port snmp
portrange telnet-80
ip[ip[5]] = 300 or ip[ip[6]] - ip[5] = 7
ip[8] / 2 = 32
8 >> (16 + 17) = 0 and ip
1 << (16 + 17) = 0 and arp
2 > ip[1]
2 >= ip[1]
1 < ip[1] and ip[1] >= 3
ip[1] > 1 and ip[1] > 2 or ip[1] = 1
ip[1] >= 2 and ip[1] > 1 and ip[1] < 3
not ip[1] > 2 and ip[1] >= 2
ip[1] <= 1 or ip[1] >= 3 or ip[1] = 2 and tcp
ether[12:2] > 1500 and ether[12:2] <= 1535
iso or stp or netbeui
ip[1] != 1 and ip[1] != 2 and ip[1] < 3
`
  .trim()
  .split("\n");

/** Those of them that no frame can match. */
export const neverMatching: readonly string[] = ["mpls and geneve and ip", "1 = 2", "ether[4294967295] = 0"];
