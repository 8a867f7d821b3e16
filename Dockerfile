# An image with fastcount and the certificates that TLS requires.
#
#   docker build -t fastcount .
#   docker run --rm fastcount demo
#   docker run --rm -v "$PWD:/data:ro" fastcount -s csv '/data/*.csv.gz'
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" fastcount -o /data/counts.json '/data/*.csv'

FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOFLAGS=-mod=readonly \
    go build -trimpath -ldflags '-s -w -buildid=' -o /fastcount ./cmd/fastcount && tools/licenses >/LICENSES-of-dependencies

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /fastcount /fastcount
COPY --from=build /src/LICENSE /LICENSES-of-dependencies /licenses/
USER 65532:65532
ENTRYPOINT ["/fastcount"]
