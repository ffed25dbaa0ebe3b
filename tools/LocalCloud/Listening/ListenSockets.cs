using System.Net;
using System.Net.Sockets;

namespace LocalCloud;

/// <summary>The sockets that the server listens on, bound before Kestrel starts: so they share a port even when that is any free one.</summary>
internal static class ListenSockets
{
    /// <summary>How often another free port is tried when the first one is free on one address only.</summary>
    private const int Attempts = 20;

    /// <summary>Binds to one port on the address, or on every loopback address where it is null.</summary>
    /// <param name="address">The address, or null.</param>
    /// <param name="port">The port, or 0 for any free one.</param>
    /// <exception cref="ListenException">That cannot be had.</exception>
    public static IReadOnlyList<Socket> Bind(IPAddress? address, int port)
    {
        if (address is not null)
        {
            return [Bind(new IPEndPoint(address, port))];
        }

        for (var attempt = 1; ; attempt++)
        {
            var first = Bind(new IPEndPoint(IPAddress.Loopback, port));
            try
            {
                var second = BindIPv6((IPEndPoint)first.LocalEndPoint!);
                return second is null ? [first] : [first, second];
            }
            catch (ListenException) when (port == 0 && attempt < Attempts)
            {
                first.Dispose();
            }
            catch
            {
                first.Dispose();
                throw;
            }
        }
    }

    private static Socket? BindIPv6(IPEndPoint first)
    {
        try
        {
            return Socket.OSSupportsIPv6 ? Bind(new IPEndPoint(IPAddress.IPv6Loopback, first.Port)) : null;
        }
        catch (ListenException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported })
        {
            // A machine, or a container, without ::1.
            return null;
        }
    }

    private static Socket Bind(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            var advice = e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "is in use by another program. Stop that one, or choose another port (0 takes a free one)",
                SocketError.AccessDenied => "is not allowed to this user. Choose a port above 1023 (0 takes a free one)",
                SocketError.AddressNotAvailable => "is no address of this machine. Choose one that is, or none to be reached from this machine only",
                _ => $"cannot be listened on: {e.Message}",
            };
            throw new ListenException($"{endPoint} {advice}.", e);
        }
    }
}
