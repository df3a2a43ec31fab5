// Package system holds the services that the server itself offers on subjects. Each is a sink of
// package broker: it takes requests like any subscriber and publishes its answers in the account of
// the requester. So far there is $SYS.REQ.USER.INFO.
//
// Only package server imports it.
package system
