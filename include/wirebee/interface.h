/* Names of network devices (include/uapi/linux/if.h). */
#ifndef WIREBEE_INTERFACE_H
#define WIREBEE_INTERFACE_H

#ifndef IFNAMSIZ
#define IFNAMSIZ 16
#endif

#endif
