/* Debian has this in libc6-dev-i386; glibc asks for it when it is not told of x86-64. It declares nothing. */
