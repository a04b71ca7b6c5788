#include "rows.h"

#include "store/columns.h"

namespace croft::sim {
namespace {

template <class T>
T must(Result<T> result) {
  check(result.has_value(), "the simulator reads the store");
  return std::move(*result);
}

// What `make` makes of each row.
template <class F>
auto rows_of(const Tx& tx, std::string_view sql, F make) {
  std::vector<decltype(make(std::declval<const SqlRow&>()))> made;
  for (const SqlRow& row : must(tx.query(sql, {}))) made.push_back(make(row));
  return made;
}

std::vector<Project> projects_of(const Tx& tx) {
  return rows_of(tx, "SELECT id, name, status, network_number FROM projects ORDER BY id",
                 [](const SqlRow& row) {
                   return Project{.id = id_at<ProjectId>(row, 0),
                                  .name = row.text(1),
                                  .status = enum_at<ProjectStatus>(row, 2),
                                  .network_number = row.small(3)};
                 });
}

std::vector<Service> services_of(const Tx& tx) {
  return rows_of(tx,
                 "SELECT id, project_id, hostname, category, status, containers, "
                 "active_version_id FROM services ORDER BY id",
                 [](const SqlRow& row) {
                   return Service{.id = id_at<ServiceId>(row, 0),
                                  .project_id = id_at<ProjectId>(row, 1),
                                  .hostname = row.text(2),
                                  .category = enum_at<ServiceCategory>(row, 3),
                                  .status = enum_at<ServiceStatus>(row, 4),
                                  .containers = row.small(5),
                                  .active_version_id = id_at<VersionId>(row, 6)};
                 });
}

std::vector<InstanceSet> sets_of(const Tx& tx) {
  return rows_of(tx,
                 "SELECT id, service_id, version_id, containers, duty, state FROM instance_sets "
                 "ORDER BY id",
                 [](const SqlRow& row) {
                   return InstanceSet{.id = id_at<InstanceSetId>(row, 0),
                                      .service_id = id_at<ServiceId>(row, 1),
                                      .version_id = id_at<VersionId>(row, 2),
                                      .containers = row.small(3),
                                      .duty = enum_at<InstanceDuty>(row, 4),
                                      .state = enum_at<InstanceSetState>(row, 5)};
                 });
}

std::vector<VersionRow> versions_of(const Tx& tx) {
  return rows_of(tx, "SELECT id, service_id, status FROM versions", [](const SqlRow& row) {
    return VersionRow{.id = id_at<VersionId>(row, 0),
                      .service_id = id_at<ServiceId>(row, 1),
                      .status = enum_at<VersionStatus>(row, 2)};
  });
}

std::vector<ProcessRow> processes_of(const Tx& tx) {
  return rows_of(tx,
                 "SELECT id, number, project_id, service_id, kind, status, step, parent_id, "
                 "coalesce(json_extract(params, '$.version'), '') FROM processes "
                 "WHERE status IN ('pending', 'running', 'canceling', 'rollbacking') "
                 "ORDER BY +number",  // by the index of these, as store/processes.cpp
                 [](const SqlRow& row) {
                   return ProcessRow{.id = id_at<ProcessId>(row, 0),
                                     .number = row.integer(1),
                                     .project_id = id_at<ProjectId>(row, 2),
                                     .service_id = id_at<ServiceId>(row, 3),
                                     .kind = row.text(4),
                                     .status = enum_at<ProcessStatus>(row, 5),
                                     .step = row.text(6),
                                     .parent_id = id_at<ProcessId>(row, 7),
                                     .version = row.text(8)};
                 });
}

}  // namespace

const Rows& RowReader::read() {
  const Status done = world_.disk.look(world_.clock.now(), [this](const Tx& tx) -> Status {
    Disk& disk = world_.disk;
    if (disk.take_changed(Table::kProjects)) rows_.projects = projects_of(tx);
    if (disk.take_changed(Table::kServices)) rows_.services = services_of(tx);
    if (disk.take_changed(Table::kSets)) rows_.sets = sets_of(tx);
    if (disk.take_changed(Table::kVersions)) rows_.versions = versions_of(tx);
    if (disk.take_changed(Table::kProcesses)) rows_.processes = processes_of(tx);
    return {};
  });
  check(done.has_value(), "the simulator reads the store");
  return rows_;
}

std::optional<ProcessStatus> RowReader::status_of(const ProcessId& process) {
  return must(world_.disk.look(
      world_.clock.now(), [&](const Tx& tx) -> Result<std::optional<ProcessStatus>> {
        const auto row =
            must(tx.query_one("SELECT status FROM processes WHERE id = ?1", {column(process)}));
        if (!row) return std::nullopt;
        return enum_at<ProcessStatus>(*row, 0);
      }));
}

}  // namespace croft::sim
