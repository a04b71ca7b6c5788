// The parts of an import file from nodes to the model.
#pragma once

#include "spec/import_model.h"
#include "spec/reader.h"

namespace croft::spec {

ImportProject read_project(const Field& field, Complaints& out);
ImportService read_service(const Field& field, const TypeResolver& resolver, Complaints& out);
VerticalAutoscaling read_vertical_autoscaling(const Field& field, Complaints& out);

// "service" or "none".
std::optional<Isolation> read_isolation(const Field& field, Complaints& out);

// [a-z][a-z0-9]*, at most 25 characters; says what is wrong otherwise.
std::optional<std::string> read_hostname(const Field& field, Complaints& out);

}  // namespace croft::spec
