# Every third-party file fetched at build time: name, version, SHA-256. Sourced by tools/setup/setup.
DUCKDB_VERSION=1.5.6
DUCKDB_NPM_PACKAGE="@duckdb/node-bindings-linux-x64@1.5.6-r.1"
DUCKDB_NPM_FILE=duckdb-node-bindings-linux-x64-1.5.6-r.1.tgz
DUCKDB_NPM_SHA256=1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff
DUCKDB_SDIST_FILE=duckdb-1.5.6.tar.gz
DUCKDB_SDIST_SHA256=166a91dbfacfc0c9f08cc76c0243cb6d3d4296bfab5bad72a3cfb63140a5b7c8
