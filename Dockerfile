# An image that holds fastcount, the certificates that TLS needs, and nothing else.
#
#   docker build -t fastcount .
#   docker run --rm fastcount demo
#   docker run --rm -v "$PWD:/data:ro" fastcount -s csv '/data/*.csv.gz'
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" fastcount -o /data/counts.json '/data/*.csv'

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOFLAGS=-mod=readonly \
    go build -trimpath -ldflags '-s -w -buildid=' -o /fastcount ./cmd/fastcount

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /fastcount /fastcount
USER 65532:65532
ENTRYPOINT ["/fastcount"]
