/* What NVML exports, as far as the probe asks; the environment says what it answers. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned gpu, memory; } rates_t;
typedef struct { unsigned pid; unsigned long long used; unsigned gi, ci; } process_t;

static int said(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    printf("noise on stdout\n");
    fflush(stdout);
    if (said("STUB_HANG", 0)) sleep(600);
    if (said("STUB_CRASH", 0)) abort();
    return said("STUB_INIT", 0);
}
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { (void)code; return "stub error"; }
int nvmlSystemGetDriverVersion(char *version, unsigned length) {
    const char *value = getenv("STUB_DRIVER");
    snprintf(version, length, "%s", value ? value : "550.54.15");
    return 0;
}
int nvmlDeviceGetCount_v2(unsigned *count) {
    *count = said("STUB_COUNT", 2);
    return said("STUB_COUNT_CODE", 0);
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    *device = (void *)(size_t)(index + 1);
    return index == 1 ? said("STUB_SECOND", 0) : 0;
}
int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    snprintf(name, length, "Stub GPU %d", (int)(size_t)device - 1);
    return 0;
}
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) {
    memory->total = (unsigned long long)said("STUB_GIB", 64) << 30;
    memory->used = (size_t)device == 1 ? memory->total / 4 : 0;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void *device, rates_t *rates) {
    rates->gpu = 37 + (int)(size_t)device;
    return said("STUB_RATES", 0);
}
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *temperature) {
    (void)device, (void)sensor;
    *temperature = 55;
    return said("STUB_TEMPERATURE", 0);
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, process_t *found) {
    if ((size_t)device != 1) { *count = 0; return 0; }
    if (!found) { *count = 1; return 7; }
    *count = 1;
    found->pid = 4711;
    return 0;
}
