using DeviceAgent.Board;
using DeviceAgent.Tests.Fakes;

namespace Cli.Prove.Ways;

/// <summary>A board's flash, which the power may leave at any change, or at once.</summary>
/// <remarks>What the firmware still does once the power has gone reaches neither the flash nor, by it, the network.</remarks>
internal sealed class CuttableFlash : IStorage
{
    private readonly MemoryStorage _memory = new(null!);
    private readonly Lock _lock = new();
    private bool _isOff;

    /// <summary>The power has gone, in a change or by <see cref="CutNow"/>.</summary>
    public event Action? PowerGone;

    /// <summary>Changes since the power came on.</summary>
    public int Changes => _memory.Changes;

    /// <summary>Whether the power has gone.</summary>
    public bool IsOff
    {
        get
        {
            lock (_lock)
            {
                return _isOff;
            }
        }
    }

    /// <summary>Puts a file there as the factory does.</summary>
    public void Put(string name, byte[] content) => _memory.Put(name, content);

    /// <summary>A file as it is; null where there is none.</summary>
    public byte[]? Peek(string name) => _memory.Peek(name);

    /// <summary>Orders the power to go in a change.</summary>
    /// <param name="change">In which change since the power came on, from 1.</param>
    /// <param name="bytes">How far the change has come by then, as <see cref="MemoryStorage.CutBytes"/>.</param>
    public void CutAt(int change, int bytes)
    {
        _memory.CutAt = change;
        _memory.CutBytes = bytes;
    }

    /// <summary>The power goes now.</summary>
    public void CutNow()
    {
        lock (_lock)
        {
            if (_isOff)
            {
                return;
            }

            _isOff = true;
        }

        PowerGone?.Invoke();
    }

    /// <summary>The power comes on again.</summary>
    public void PowerOn()
    {
        lock (_lock)
        {
            _memory.PowerOff();
            _isOff = false;
        }
    }

    /// <inheritdoc/>
    public byte[] Read(string name) => Access(() => _memory.Read(name));

    /// <inheritdoc/>
    public bool Holds(string name, byte[] content) => Access(() => _memory.Holds(name, content));

    /// <inheritdoc/>
    public string[] List() => Access(_memory.List);

    /// <inheritdoc/>
    public void Write(string name, byte[] content) => Access(() =>
    {
        _memory.Write(name, content);
        return true;
    });

    /// <inheritdoc/>
    public void Delete(string name) => Access(() =>
    {
        _memory.Delete(name);
        return true;
    });

    private T Access<T>(Func<T> access)
    {
        try
        {
            lock (_lock)
            {
                return _isOff ? throw new PowerCutException() : access();
            }
        }
        catch (PowerCutException)
        {
            CutNow();
            throw;
        }
    }
}
