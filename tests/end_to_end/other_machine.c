/* A machine unlike this one, for a program that this is loaded into (LD_PRELOAD):
 *   OTHER_HOSTS="name=::1,127.0.0.1 other="   names that stand for these addresses, in this order, or for none
 *   OTHER_IPV6=none                           a kernel without IPv6
 *   OTHER_BLAS_KERNEL=Prescott                OpenBLAS chooses this kernel, where OPENBLAS_CORETYPE names none
 *   OTHER_FSYNC_FOLDER=22                     fsync of a folder fails with this errno; OTHER_FSYNC_FILE: of a file
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int addresses_of(const char* name, char* addresses, size_t size) {
  const char* hosts = getenv("OTHER_HOSTS");
  const size_t length = name == NULL ? 0 : strlen(name);
  for (const char* at = hosts; at != NULL && *at != '\0' && length > 0; at += strcspn(at, " ")) {
    at += strspn(at, " ");
    if (strncmp(at, name, length) != 0 || at[length] != '=') continue;
    snprintf(addresses, size, "%.*s", (int)strcspn(at + length + 1, " "), at + length + 1);
    return 1;
  }
  return 0;
}

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  char addresses[1024];
  if (!addresses_of(name, addresses, sizeof addresses)) return REAL(getaddrinfo)(name, service, hints, found);
  *found = NULL;
  struct addrinfo** last = found;
  char* rest = NULL;
  for (char* one = strtok_r(addresses, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest)) {
    const int error = REAL(getaddrinfo)(one, service, hints, last);
    if (error == EAI_ADDRFAMILY || error == EAI_NONAME) continue; /* of a kind that was not asked for */
    if (error != 0) return error;
    while (*last != NULL) last = &(*last)->ai_next;
  }
  return *found == NULL ? EAI_NONAME : 0;
}

int socket(int domain, int type, int protocol) {
  const char* ipv6 = getenv("OTHER_IPV6");
  if (ipv6 == NULL || domain != AF_INET6) return REAL(socket)(domain, type, protocol);
  errno = EAFNOSUPPORT;
  return -1;
}

char* openblas_get_corename(void) {
  char* (*const real)(void) = (char* (*)(void))dlsym(RTLD_NEXT, "openblas_get_corename");
  char* const asked = getenv("OPENBLAS_CORETYPE");
  char* const other = getenv("OTHER_BLAS_KERNEL");
  if (other != NULL) return asked != NULL ? asked : other;
  return real == NULL ? "" : real();
}

int fsync(int file) {
  struct stat status;
  const char* error = NULL;
  if (fstat(file, &status) == 0) error = getenv(S_ISDIR(status.st_mode) ? "OTHER_FSYNC_FOLDER" : "OTHER_FSYNC_FILE");
  if (error == NULL) return REAL(fsync)(file);
  errno = atoi(error);
  return -1;
}
