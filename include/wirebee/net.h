/* Headers of packets, as the kernel's user-space headers lay them out; fields in network byte order. */
#ifndef WIREBEE_NET_H
#define WIREBEE_NET_H

#include <wirebee/net/arp.h>
#include <wirebee/net/ethernet.h>
#include <wirebee/net/icmp.h>
#include <wirebee/net/icmpv6.h>
#include <wirebee/net/in.h>
#include <wirebee/net/in6.h>
#include <wirebee/net/ipv4.h>
#include <wirebee/net/ipv6.h>
#include <wirebee/net/sctp.h>
#include <wirebee/net/tcp.h>
#include <wirebee/net/tunnel.h>
#include <wirebee/net/udp.h>
#include <wirebee/net/vlan.h>

#endif
