/*
 * The version of Linux that these headers describe. A program that asks for the running kernel's has
 * `extern int LINUX_KERNEL_VERSION __kconfig`.
 */
#ifndef WIREBEE_VERSION_H
#define WIREBEE_VERSION_H

#define LINUX_VERSION_CODE 397824
#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif

#endif
