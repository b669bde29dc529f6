#pragma once

// Media types of manifests, configurations and layers [OCI-IMAGE 1.1.1 media-types.md; WASM-OCI].

#include <string_view>

#include "merlon/registry/directory.h"

namespace merlon::oci {

inline constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view docker_manifest_type =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_index_type =
    "application/vnd.docker.distribution.manifest.list.v2+json";

inline constexpr std::string_view image_config_type = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view docker_config_type =
    "application/vnd.docker.container.image.v1+json";
/// Of the wasm OCI artifact layout.
inline constexpr std::string_view wasm_config_type = "application/vnd.wasm.config.v0+json";
/// Of wasm-to-oci and who followed it; says nothing.
inline constexpr std::string_view old_wasm_config_type = "application/vnd.wasm.config.v1+json";
inline constexpr std::string_view empty_config_type = "application/vnd.oci.empty.v1+json";
/// What ORAS before 1.1 writes.
inline constexpr std::string_view unknown_config_type = "application/vnd.unknown.config.v1+json";

inline constexpr std::string_view old_wasm_type = "application/vnd.wasm.content.layer.v1+wasm";
/// "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm" and its like.
inline constexpr std::string_view alliance_prefix = "application/vnd.bytecodealliance.";
inline constexpr std::string_view tar_type = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view gzip_type = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view docker_tar_type = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view docker_gzip_type =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// What the artifact of a package with more than one file is; its sealed form is
/// registry::sealed_type.
inline constexpr std::string_view package_type = "application/vnd.merlon.package.v1";

inline constexpr std::string_view title_annotation = "org.opencontainers.image.title";
/// What ORAS marks a directory with that it has packed.
inline constexpr std::string_view unpack_annotation = "io.deis.oras.content.unpack";
/// "sha-256=HEX": the package's tree (registry/tree.h).
inline constexpr std::string_view tree_annotation = "vnd.merlon.tree";
/// The signed tag (registry/signed_tag.h), as it is.
inline constexpr std::string_view signature_annotation = "vnd.merlon.signed-tag";

}  // namespace merlon::oci
