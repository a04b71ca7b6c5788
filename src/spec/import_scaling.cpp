#include <fmt/format.h>

#include "spec/import_sections.h"
#include "spec/keys.h"

namespace croft::spec {
namespace {

constexpr int kMaxCpu = 64;           // the widest of the documented ranges (2021)
constexpr double kMaxRamGb = 2048;    // 2 TB
constexpr double kMaxDiskGb = 10240;  // 10 TB
constexpr auto kCpuModes = std::to_array<std::string_view>({"SHARED", "DEDICATED"});

template <class T>
void check_order(const MapReader& map, std::string_view low_key, const std::optional<T>& low,
                 std::string_view high_key, const std::optional<T>& high) {
  if (!low || !high || *low <= *high) return;
  const auto field = map.get(low_key);
  if (!field) return;
  map.out().error(field->at(), field->pointer,
                  fmt::format("{} ({}) is more than {} ({})", low_key, *low, high_key, *high));
}

}  // namespace

VerticalAutoscaling read_vertical_autoscaling(const Field& field, Complaints& out) {
  const MapReader map(field, "verticalAutoscaling", keys::kVerticalAutoscaling, out);
  VerticalAutoscaling scaling;
  if (const auto mode = map.get("cpuMode")) {
    scaling.cpu_mode = read_choice(*mode, kCpuModes, out).value_or("");
  }
  map.integer("cpu", 1, kMaxCpu, scaling.cpu);
  map.integer("minVCpu", 1, kMaxCpu, scaling.min_cpu);
  map.integer("maxVCpu", 1, kMaxCpu, scaling.max_cpu);
  map.integer("minCpu", 1, kMaxCpu, scaling.min_cpu);
  map.integer("maxCpu", 1, kMaxCpu, scaling.max_cpu);
  map.integer("startCpuCoreCount", 1, kMaxCpu, scaling.start_cpu_core_count);
  map.number("ram", 0.125, kMaxRamGb, scaling.ram);
  map.number("minRam", 0.125, kMaxRamGb, scaling.min_ram);
  map.number("maxRam", 0.125, kMaxRamGb, scaling.max_ram);
  map.number("disk", 0.5, kMaxDiskGb, scaling.disk);
  map.number("minDisk", 0.5, kMaxDiskGb, scaling.min_disk);
  map.number("maxDisk", 0.5, kMaxDiskGb, scaling.max_disk);
  map.number("minFreeCpuCores", 0, kMaxCpu, scaling.min_free_cpu_cores);
  map.number("minFreeCpuPercent", 0, 100, scaling.min_free_cpu_percent);
  map.number("minFreeRamGB", 0, kMaxRamGb, scaling.min_free_ram_gb);
  map.number("minFreeRamPercent", 0, 100, scaling.min_free_ram_percent);
  if (const auto swap = map.get("swapEnabled")) scaling.swap_enabled = read_bool(*swap, out);
  check_order(map, map.get("minCpu") ? "minCpu" : "minVCpu", scaling.min_cpu, "maxCpu",
              scaling.max_cpu);
  check_order(map, "minRam", scaling.min_ram, "maxRam", scaling.max_ram);
  check_order(map, "minDisk", scaling.min_disk, "maxDisk", scaling.max_disk);
  // Both given and zero would mean "never scale up" (invalidCustomAutoscalingValue).
  if (scaling.min_free_ram_gb == 0.0 && scaling.min_free_ram_percent == 0.0) {
    const auto at = map.get("minFreeRamGB");
    out.error(at->at(), at->pointer,
              "minFreeRamGB and minFreeRamPercent are both 0: RAM would never grow");
  }
  return scaling;
}

}  // namespace croft::spec
