// quic-go: one stream of N bytes from memory, encrypted and authenticated, its flow-control windows opened wide.
// The command line and what it prints are those of pair.h.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/lucas-clemente/quic-go"
)

const block = 1 << 20

var received uint64

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func now() int64 {
	var t syscall.Timespec
	// CLOCK_MONOTONIC, as at the other end and in the other programs.
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

func end() {
	fmt.Printf("end %d %d\n", now(), atomic.LoadUint64(&received))
	os.Exit(0)
}

func content() []byte {
	one := make([]byte, block)
	state := uint64(88172645463325252)
	for i := range one {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		one[i] = byte(state)
	}
	return append(one, one...)
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: quic send|recv ADDRESS PORT BYTES")
		os.Exit(2)
	}
	address := os.Args[2] + ":" + os.Args[3]
	total, err := strconv.ParseUint(os.Args[4], 10, 64)
	check(err)
	config := &quic.Config{
		InitialStreamReceiveWindow: 16 << 20, MaxStreamReceiveWindow: 64 << 20,
		InitialConnectionReceiveWindow: 24 << 20, MaxConnectionReceiveWindow: 96 << 20,
		MaxIdleTimeout: 60 * time.Second,
	}
	data := content()
	if os.Args[1] == "send" {
		fmt.Println("ready")
		_, err := bufio.NewReader(os.Stdin).ReadString('\n')
		check(err)
		fmt.Printf("start %d\n", now())
		connection, err := quic.DialAddr(address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"bench"}}, config)
		check(err)
		stream, err := connection.OpenUniStream()
		check(err)
		for sent := uint64(0); sent < total; {
			size := uint64(256 << 10)
			if total-sent < size {
				size = total - sent
			}
			n, err := stream.Write(data[sent%block : sent%block+size])
			check(err)
			sent += uint64(n)
		}
		check(stream.Close())
		<-connection.Context().Done()
		return
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() { <-stop; end() }()
	listener, err := quic.ListenAddr(address,
		&tls.Config{Certificates: []tls.Certificate{certificate()}, NextProtos: []string{"bench"}}, config)
	check(err)
	fmt.Println("ready")
	connection, err := listener.Accept(context.Background())
	check(err)
	stream, err := connection.AcceptUniStream(context.Background())
	check(err)
	buffer := make([]byte, 256<<10)
	for {
		n, err := stream.Read(buffer)
		place := received % block
		if !bytes.Equal(data[place:place+uint64(n)], buffer[:n]) {
			check(fmt.Errorf("the content differs"))
		}
		if atomic.AddUint64(&received, uint64(n)) >= total {
			end()
		}
		check(err)
	}
}
