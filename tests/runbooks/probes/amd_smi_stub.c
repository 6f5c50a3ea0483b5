/* What AMD SMI exports, as far as the probe asks; the environment says what it answers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char market_name[256]; uint32_t vendor_id; char vendor_name[256];
    uint32_t subvendor_id; uint64_t device_id; uint32_t rev_id; char serial[256];
    uint32_t oam_id, units; uint64_t graphics_version; uint32_t subsystem, rest[21];
} asic_t;
typedef struct { uint32_t gfx, umc, mm, rest[13]; } usage_t;
typedef struct { uint32_t id, pasid; uint64_t memory, sdma; uint32_t occupancy; } process_t;

static int said(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}

int amdsmi_init(uint64_t flags) {
    (void)flags;
    printf("noise on stdout\n");
    fflush(stdout);
    if (said("STUB_HANG", 0)) sleep(600);
    return said("STUB_INIT", 0);
}
int amdsmi_shut_down(void) { return 0; }
int amdsmi_status_code_to_string(int code, const char **text) {
    (void)code;
    *text = "stub error";
    return 0;
}
int amdsmi_get_processor_handles_by_type(int type, void **handles, uint32_t *count) {
    (void)type;
    *count = said("STUB_COUNT", 2);
    for (uint32_t i = 0; handles && i < *count; i++) handles[i] = (void *)(size_t)(i + 1);
    return 0;
}
int amdsmi_get_socket_handles(uint32_t *count, void **handles) {
    (void)handles;
    *count = 0;
    return 0;
}
int amdsmi_get_gpu_asic_info(void *device, asic_t *asic) {
    memset(asic, 0, sizeof *asic);
    snprintf(asic->market_name, 256, "Stub GPU %d", (int)(size_t)device - 1);
    return (size_t)device == 2 ? said("STUB_SECOND", 0) : 0;
}
int amdsmi_get_gpu_activity(void *device, usage_t *usage) {
    memset(usage, 0, sizeof *usage);
    usage->gfx = said("STUB_GFX", 42);
    return (size_t)device == 2 ? said("STUB_SECOND", 0) : 0;
}
int amdsmi_get_gpu_memory_usage(void *device, int type, uint64_t *used) {
    (void)type;
    *used = 16ULL << 30;
    return (size_t)device == 2 ? said("STUB_SECOND", 0) : 0;
}
int amdsmi_get_gpu_memory_total(void *device, int type, uint64_t *total) {
    (void)type;
    *total = 64ULL << 30;
    return (size_t)device == 2 ? said("STUB_SECOND", 0) : 0;
}
#ifdef WITH_RSMI
int rsmi_version_str_get(int component, char *version, uint32_t length) {
    (void)component;
    const char *value = getenv("STUB_DRIVER");
    snprintf(version, length, "%s", value ? value : "6.10.5");
    return 0;
}
int rsmi_compute_process_info_get(process_t *found, uint32_t *count) {
    if (found) found->id = 4711;
    *count = 1;
    return 0;
}
#endif
