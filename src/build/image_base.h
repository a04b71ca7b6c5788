// The plain Debian bases that all images stand on, made by mmdebstrap.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "build/image_host.h"
#include "net/byte_stream.h"
#include "task/pool.h"

namespace croft::build {

// Part of every base's hash: change it with what make_base_tar does.
inline constexpr std::string_view kBaseFormat = "base-2";

// Writes the root file system of `suite` to `target`, as tar. `line` gets mmdebstrap's messages on
// the calling thread. Blocks for about 20 s: call it on a pool. kNotFound: mmdebstrap is not
// installed; kUnavailable: the mirror cannot be reached; kCancelled: `stop` was requested, and
// mmdebstrap is gone; kFailed otherwise.
Status make_base_tar(const HostSettings& host, std::string_view suite,
                     const std::filesystem::path& target,
                     const std::function<void(std::string_view)>& line, std::stop_token stop);

// The arguments for mmdebstrap; `folder` is where the caller has put 00croft-host.conf and
// policy-rc.d.
std::vector<std::string> mmdebstrap_arguments(const HostSettings& host, std::string_view suite,
                                              const std::filesystem::path& folder,
                                              const std::filesystem::path& target);

// A file as a byte source, read in pieces on `pool`. kNotFound when it cannot be opened.
Result<std::unique_ptr<ByteSource>> open_file_source(Pool& pool, const std::filesystem::path& path);

}  // namespace croft::build
