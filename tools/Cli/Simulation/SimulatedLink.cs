using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Mqtt;

namespace Cli.Simulation;

/// <summary>A connection between a board and the cloud, whose handshake is done: bytes in memory, each packet a while on its way.</summary>
internal sealed class SimulatedLink
{
    private readonly SimulatedWorld _world;
    private readonly SimulatedDevice _device;
    private readonly SimulatedMqttClient _client;
    private readonly X509Certificate2 _certificate;
    private readonly Pipe _up;
    private readonly Pipe _down;
    private bool _isDead;
    private bool _isClosed;
    private bool _isUpClosed;

    /// <summary>Makes a link, and lets the cloud serve it.</summary>
    public SimulatedLink(SimulatedWorld world, SimulatedDevice device, SimulatedMqttClient client, X509Certificate2 certificate)
    {
        _world = world;
        _device = device;
        _client = client;
        _certificate = certificate;

        // No end waits for the other to read: what is under way is little, and a writer that waits would wait for a board without power
        PipeOptions options = new(readerScheduler: world.Time.Scheduler, writerScheduler: world.Time.Scheduler, pauseWriterThreshold: 0, useSynchronizationContext: false);
        _up = new Pipe(options);
        _down = new Pipe(options);
        _ = ServeAsync();
        _ = ReceiveAsync();
    }

    /// <summary>The board sends a packet.</summary>
    public void Send(Packet packet)
    {
        _world.Pass(new Passage(_device, _certificate, packet, IsUp: true, IsArrived: false));
        if (_isDead || _isClosed)
        {
            return;
        }

        // Encoded here and now: what cannot be is the sender's fault
        using MemoryStream bytes = new();
        PipeWriter encoder = PipeWriter.Create(bytes, new StreamPipeWriterOptions(leaveOpen: true));
        PacketWriter.Write(encoder, packet);
        encoder.Complete();
        _world.Time.After(_world.Latency, () =>
        {
            if (!_isUpClosed)
            {
                _up.Writer.WriteAsync(bytes.ToArray()).AsTask();
                _world.Pass(new Passage(_device, _certificate, packet, IsUp: true, IsArrived: true));
            }
        });
    }

    /// <summary>Nothing comes through any more, in either direction, and nobody is told.</summary>
    public void Die() => _isDead = true;

    /// <summary>The cloud's end is closed, as when its process ends.</summary>
    public void CloseByCloud() => CloseUp(new IOException("the process ends"));

    /// <summary>The board closes it.</summary>
    public void Close()
    {
        if (!_isClosed && !_isDead)
        {
            _world.Time.After(_world.Latency, () => CloseUp(null));
        }

        _isClosed = true;
    }

    private void CloseUp(Exception? why)
    {
        if (!_isUpClosed)
        {
            _isUpClosed = true;
            _up.Writer.Complete(why);
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            await _world.Cloud.ServeAsync(new Transport(_up.Reader, _down.Writer), new IPEndPoint(IPAddress.Loopback, 1), _certificate);
        }
        catch (Exception e)
        {
            _world.Time.Fail(e);
        }

        _isUpClosed = true;
        _world.Closed(this);
    }

    private async Task ReceiveAsync()
    {
        PipeReader input = _down.Reader;
        try
        {
            bool isCompleted;
            do
            {
                ReadResult result = await input.ReadAsync();
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (PacketReader.TryRead(ref buffer, PacketReaderOptions.Default, out Packet? packet))
                {
                    Packet came = packet!;
                    _world.Pass(new Passage(_device, _certificate, came, IsUp: false, IsArrived: false));
                    Deliver(() =>
                    {
                        _client.Take(came);
                        _world.Pass(new Passage(_device, _certificate, came, IsUp: false, IsArrived: true));
                    });
                }

                isCompleted = result.IsCompleted;
                input.AdvanceTo(buffer.Start, buffer.End);
            }
            while (!isCompleted);
        }
        catch (MqttProtocolException)
        {
            // To a client what is no MQTT is the end of the connection, as every other end
        }
        catch (Exception e)
        {
            _world.Time.Fail(e);
        }

        Deliver(_client.TakeEnd);
    }

    private void Deliver(Action action)
    {
        _world.Time.After(_world.Latency, () =>
        {
            if (!_isDead && !_isClosed)
            {
                action();
            }
        });
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
