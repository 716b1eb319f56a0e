/* Wine 8 has no bcryptprimitives.dll; the runtime wants one function of it: random bytes. */
#include <windows.h>

/* RtlGenRandom's real name. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
  return SystemFunction036(buffer, (ULONG)length);
}
