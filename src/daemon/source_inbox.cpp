#include "daemon/source_inbox.h"

#include <fmt/format.h>

#include "base/file.h"
#include "build/upload.h"

namespace croft {

Task<Result<std::uint64_t>> receive_into(Pool& pool, ByteSource& body,
                                         std::filesystem::path archive) {
  const std::filesystem::path folder = archive.parent_path();
  CROFT_CO_TRY(make_directories(folder, 0700));
  auto upload = co_await build::receive_upload(pool, body, archive, {});
  if (!upload) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    co_return fail(std::move(upload).error());
  }
  co_return upload->bytes;
}

}  // namespace croft
