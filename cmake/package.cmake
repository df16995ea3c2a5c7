# `cpack` in a release build makes a Debian package: programs, documents, and what they need at run time.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wcam)
set(CPACK_PACKAGE_CONTACT "The wcam developers <wcam@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The figures' type, and the matrix products that make small nets four times faster, are found at run time.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "fonts-dejavu-core, libopenblas0-pthread")
# What the reader in Python needs, and what its tables and figures need.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-h5py")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "slurm-client, python3-pandas, python3-matplotlib")
include(CPack)
