import { IpProtocol } from "../../ip-protocol.js";

/** A port by name: of one protocol, or (undefined) of whichever. */
export interface Service {
  readonly port: number;
  readonly protocol: number | undefined;
}

/**
 * Well-known services of IANA's registry "Service Name and Transport Protocol Port Number", by the
 * protocols that they are spoken over; a port number stands after its name.
 */
const lists: readonly (readonly [protocol: number | undefined, services: string])[] = [
  [
    IpProtocol.Tcp,
    `tcpmux=1 systat=11 qotd=17 ftp-data=20 ftp=21 ssh=22 telnet=23 smtp=25 whois=43 gopher=70 finger=79
    http=80 www=80 iso-tsap=102 pop3=110 auth=113 nntp=119 epmap=135 netbios-ssn=139 imap2=143 imap=143
    bgp=179 z3950=210 microsoft-ds=445 submissions=465 exec=512 login=513 shell=514 printer=515 uucp=540
    klogin=543 kshell=544 afpovertcp=548 nntps=563 submission=587 ipp=631 kerberos-adm=749 rsync=873
    ftps-data=989 ftps=990 telnets=992 imaps=993 pop3s=995 socks=1080 rmiregistry=1099 ms-sql-s=1433
    cvspserver=2401 dict=2628 iscsi-target=3260 mysql=3306 ms-wbt-server=3389 distcc=3632 svn=3690
    sieve=4190 epmd=4369 xmpp-client=5222 xmpp-server=5269 postgresql=5432 amqps=5671 x11=6000 redis=6379
    syslog-tls=6514 ircs-u=6697 http-alt=8080 git=9418 zabbix-agent=10050 zabbix-trapper=10051`,
  ],
  [
    IpProtocol.Udp,
    `bootps=67 bootpc=68 tftp=69 ntp=123 netbios-ns=137 netbios-dgm=138 xdmcp=177 ptp-event=319
    ptp-general=320 isakmp=500 biff=512 who=513 talk=517 ntalk=518 route=520 dhcpv6-client=546
    dhcpv6-server=547 asf-rmcp=623 ms-sql-m=1434 l2f=1701 ipsec-nat-t=4500 iax=4569 vxlan=4789 mdns=5353
    geneve=6081 babel=6696`,
  ],
  [
    undefined,
    `echo=7 discard=9 daytime=13 chargen=19 time=37 tacacs=49 domain=53 kerberos=88 sunrpc=111 snmp=161
    snmp-trap=162 ldap=389 svrloc=427 https=443 kpasswd=464 syslog=514 rtsp=554 ldaps=636 ldp=646 domain-s=853
    openvpn=1194 radius=1812 radius-acct=1813 nfs=2049 isns=3205 nut=3493 sip=5060 sip-tls=5061`,
  ],
];

const services: ReadonlyMap<string, Service> = new Map(
  lists.flatMap(([protocol, names]) =>
    names.split(/\s+/).map((entry): [string, Service] => {
      const [name, port] = entry.split("=");
      return [name, { port: Number(port), protocol }];
    }),
  ),
);

/** The service of a name or of a decimal number in text; undefined for a name not in our table. */
export function findService(name: string): Service | undefined {
  return /^[0-9]{1,5}$/.test(name) ? { port: Number(name), protocol: undefined } : services.get(name);
}
