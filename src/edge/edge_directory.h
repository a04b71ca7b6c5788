// The edge's directory on a node: <home>/edge, mounted into its container at kEdgeDir.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace croft {

inline constexpr const char* kEdgeDir = "/croft/edge";
inline constexpr const char* kEdgeSocketName = "admin.sock";
inline constexpr const char* kEdgeDataName = "data";             // certificates: keep them
inline constexpr const char* kEdgeRoutesName = "routes";         // see plan/edge_routes.h
inline constexpr const char* kEdgeResolverName = "dns.sock";     // see keep/relay.h
inline constexpr const char* kEdgeAccessLogName = "access.log";  // the agent counts its lines
inline constexpr const char* kEdgeConfigName = "config";         // Caddy's last configuration

// Makes what is missing, for root only, and removes a saved configuration that is not whole: Caddy
// writes it in place, and would not start with half of one after a power cut. Call it before the
// service exists and while the edge does not answer. Blocks.
Status prepare_edge_directory(const std::filesystem::path& directory);

}  // namespace croft
