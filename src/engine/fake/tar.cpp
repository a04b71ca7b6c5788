#include "engine/fake/tar.h"

#include <fmt/format.h>

namespace croft::engine {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kMaxPath = 99;

// Offsets in a header block, from the ustar format.
constexpr std::size_t kMode = 100, kUid = 108, kGid = 116, kSize = 124, kTime = 136, kSum = 148,
                      kType = 156, kLink = 157, kMagic = 257;

void put(std::string& header, std::size_t at, std::string_view text) {
  header.replace(at, text.size(), text);
}

unsigned checksum(std::string_view header) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool in_sum_field = i >= kSum && i < kSum + 8;
    sum += in_sum_field ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

std::string text_at(std::string_view block, std::size_t at, std::size_t length) {
  const std::string_view field = block.substr(at, length);
  return std::string(field.substr(0, field.find('\0')));
}

std::optional<std::size_t> octal_at(std::string_view block, std::size_t at, std::size_t length) {
  std::size_t value = 0;
  for (const char c : text_at(block, at, length)) {
    if (c == ' ') continue;
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

}  // namespace

std::string write_tar(const TarFiles& files) {
  std::string archive;
  for (const auto& [path, entry] : files) {
    std::string header(kBlock, '\0');
    const bool is_directory = path.ends_with('/');
    put(header, 0, std::string_view(path).substr(0, kMaxPath));
    put(header, kMode, fmt::format("{:07o}", is_directory ? 0755 : entry.mode));
    put(header, kUid, "0000000");
    put(header, kGid, "0000000");
    put(header, kSize, fmt::format("{:011o}", entry.content.size()));
    put(header, kTime, "00000000000");
    const char type = is_directory ? '5' : entry.link_target.empty() ? '0' : '2';
    header[kType] = type;
    put(header, kLink, std::string_view(entry.link_target).substr(0, kMaxPath));
    put(header, kMagic,
        std::string_view("ustar\0"
                         "00",
                         8));
    put(header, kSum, fmt::format("{:06o}", checksum(header)));
    header[kSum + 7] = ' ';
    archive += header + entry.content;
    archive.resize((archive.size() + kBlock - 1) / kBlock * kBlock, '\0');
  }
  archive.append(2 * kBlock, '\0');
  return archive;
}

Result<TarFiles> read_tar(std::string_view archive) {
  TarFiles files;
  while (archive.size() >= kBlock && archive[0] != '\0') {
    const std::string_view header = archive.substr(0, kBlock);
    const auto size = octal_at(header, kSize, 12);
    const auto mode = octal_at(header, kMode, 8);
    const auto sum = octal_at(header, kSum, 8);
    if (!size || !mode || sum != checksum(header) || *size > archive.size() - kBlock) {
      return fail(ErrorCode::kInvalid, "not a tar archive");
    }
    const char type = header[kType];
    if (type == '0' || type == '\0' || type == '2' || type == '5') {
      TarEntry entry{std::string(archive.substr(kBlock, *size)), text_at(header, kLink, 100),
                     static_cast<unsigned>(*mode & 07777)};
      files[text_at(header, 0, 100)] = std::move(entry);
    }
    const std::size_t padded = (*size + kBlock - 1) / kBlock * kBlock;
    archive.remove_prefix(std::min(archive.size(), kBlock + padded));
  }
  return files;
}

}  // namespace croft::engine
